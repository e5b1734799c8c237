import { CodedError, type messages } from '#proto';
import { declaredAs } from '../../material/file-kind.ts';
import type { CaseMaterial } from '../case-file.ts';
import type { Upload } from '../case-materials.ts';
import type { JointCase } from './joint-case.ts';
import { jointCases } from './joint-case-table.ts';
import type { JointContext } from './joint-context.ts';
import { demandUnerasedWhole } from './whole-acts.ts';

type Materials = Pick<JointContext, 'store' | 'materials' | 'now'>;

/** Files that a joint case holds, at most: as many as one part may name. */
const MAX_FILES = 100;

/** The files of a joint case, while parts may still begin. */
export const jointMaterials = {
  /** @throws CodedError CONFLICT, MATERIAL_TOO_LARGE, VALIDATION_FAILED as for the files of a case */
  async add(
    context: Materials,
    joint: JointCase,
    upload: Upload,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<CaseMaterial> {
    demandTakesFiles(joint);
    const stored = await context.materials.take(joint.conversation, declaredAs(upload.mediaType, bytes));
    const kept: CaseMaterial = { ...upload, digest: stored.digest.toString('hex'), size: stored.size };
    await change(context, joint, (before) => [...before.filter(({ digest }) => digest !== kept.digest), kept]);
    return kept;
  },

  /** R3 原件核验. @throws CodedError NOT_FOUND, CONFLICT */
  async check(
    context: Materials,
    joint: JointCase,
    digest: string,
    checkedBy: messages.Handler,
  ): Promise<CaseMaterial> {
    const found = joint.document.materials.find((material) => material.digest === digest);
    if (!found) throw new CodedError('NOT_FOUND', 'the joint case has no such material');
    const checked: CaseMaterial = { ...found, grade: 'B', checkedBy, checkedAt: context.now() };
    await change(context, joint, (before) => before.map((other) => (other.digest === digest ? checked : other)));
    return checked;
  },
};

function change(
  { store, now }: Materials,
  { conversation }: JointCase,
  changed: (materials: readonly CaseMaterial[]) => readonly CaseMaterial[],
): Promise<void> {
  return store.write(async (tx) => {
    const joint = (await jointCases.find(tx, conversation))!;
    demandTakesFiles(joint);
    const materials = changed(joint.document.materials);
    if (materials.length > MAX_FILES) {
      const message = `a joint case holds at most ${MAX_FILES} files`;
      throw new CodedError('VALIDATION_FAILED', message, [{ pointer: '/materials', code: 'TOO_MANY', message }]);
    }
    await jointCases.change(tx, joint, { document: { ...joint.document, materials } }, now());
  });
}

function demandTakesFiles(joint: JointCase): void {
  demandUnerasedWhole(joint);
  const { state } = joint;
  if (state === 'draft' || state === 'running') return;
  throw new CodedError('CONFLICT', `the joint case takes no files in the state "${state}"`);
}
