import { CodedError, type messages, type Problem } from '#proto';
import { declaredAs } from '../material/file-kind.ts';
import type { MaterialStore } from '../material/material-store.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { CaseFile, CaseMaterial } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { demandImpersonal, demandUnerased } from './personal/retention.ts';
import { outstanding } from './tolerance/commitment.ts';
import type { State } from './transitions.ts';

/** Files that one case holds, at most: as many as a transfer may name. */
const MAX_FILES = 100;

export interface CaseMaterialsOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly materials: MaterialStore;
}

/** What a window uploads, before it is known by its content; what a joint case hands on keeps who compared it. */
export type Upload = Omit<CaseMaterial, 'digest' | 'size'>;

/** The files of a case (材料) while the window works on it. */
export class CaseMaterials {
  readonly #options: CaseMaterialsOptions;

  constructor(options: CaseMaterialsOptions) {
    this.#options = options;
  }

  /**
   * Takes a file in, in constant memory; the same file again replaces its entry.
   *
   * @throws CodedError CONFLICT when the case takes no files now, MATERIAL_TOO_LARGE, VALIDATION_FAILED when there
   *   are too many, or its bytes are of another kind than it is declared as
   */
  async add(file: CaseFile, upload: Upload, bytes: AsyncIterable<Uint8Array>): Promise<CaseMaterial> {
    this.demandTaking(file, upload.name);
    const kept = await this.#take(file.conversation, upload, bytes, 'held');
    try {
      await this.#change(file.conversation, (materials) => including(materials, [kept]), upload.name);
    } catch (error) {
      await this.#forgetOfErased(file.conversation);
      throw error;
    }
    return kept;
  }

  /**
   * Takes the bytes of a file in, in constant memory; the case does not know of it yet. A day later it is swept, unless the
   * case has it by then.
   *
   * @throws CodedError MATERIAL_TOO_LARGE, VALIDATION_FAILED when its bytes are of another kind than it is declared as
   */
  take(conversation: string, upload: Upload, bytes: AsyncIterable<Uint8Array>): Promise<CaseMaterial> {
    return this.#take(conversation, upload, bytes, 'staged');
  }

  /**
   * A case with files that were taken in for it, which are kept from now on; of the case nothing is written.
   *
   * @throws CodedError CONFLICT when the case takes no files now, VALIDATION_FAILED when there are too many or one is named
   *   after somebody
   */
  async withBrought(tx: Transaction, file: CaseFile, brought: readonly CaseMaterial[]): Promise<CaseFile> {
    if (brought.length === 0) return file;
    for (const { name } of brought) {
      demandTakesFiles(file, name);
      demandImpersonal(file, name, '/files');
    }
    const materials = including(file.document.materials, brought);
    if (materials.length > MAX_FILES) throw tooMany();
    const digests = brought.map(({ digest }) => Buffer.from(digest, 'hex'));
    await this.#options.materials.hold(tx, file.conversation, digests);
    return { ...file, document: { ...file.document, materials } };
  }

  /** @throws CodedError CONFLICT when the case takes no file of this name now, VALIDATION_FAILED when it names somebody */
  demandTaking(file: CaseFile, name: string): void {
    demandTakesFiles(file, name);
    demandImpersonal(file, name, '/query/name');
  }

  /**
   * A window compared a file with its original: it becomes grade B.
   *
   * @throws CodedError NOT_FOUND, CONFLICT
   */
  async checkOriginal(conversation: string, digest: string, checkedBy: messages.Handler): Promise<CaseMaterial> {
    const checkedAt = this.#options.now();
    let checked: CaseMaterial | undefined;
    await this.#change(conversation, (materials) =>
      materials.map((material) => {
        if (material.digest !== digest) return material;
        checked = { ...material, grade: 'B', checkedBy, checkedAt };
        return checked;
      }),
    );
    if (!checked) throw new CodedError('NOT_FOUND', 'the case has no such material');
    return checked;
  }

  /** Of a case that was erased while a file streamed in, that file goes, too. */
  async #forgetOfErased(conversation: string): Promise<void> {
    const { store, materials } = this.#options;
    const now = await caseRepository.find(store.read, conversation);
    if (!now || now.erasedAt !== undefined) await materials.erase(conversation);
  }

  async #take(
    conversation: string,
    upload: Upload,
    bytes: AsyncIterable<Uint8Array>,
    state: 'held' | 'staged',
  ): Promise<CaseMaterial> {
    const declared = declaredAs(upload.mediaType, bytes);
    const { digest, size } = await this.#options.materials.take(conversation, declared, state);
    return { ...upload, digest: digest.toString('hex'), size };
  }

  /** @param name of the only material that changes, where it is known */
  async #change(
    conversation: string,
    change: (materials: readonly CaseMaterial[]) => CaseMaterial[],
    name?: string,
  ): Promise<void> {
    const { store, now } = this.#options;
    await store.write(async (tx) => {
      const file = await caseRepository.find(tx, conversation);
      if (!file) throw new CodedError('NOT_FOUND', 'there is no such case');
      demandTakesFiles(file, name);
      const materials = change(file.document.materials);
      if (materials.length > MAX_FILES) throw tooMany();
      await caseRepository.update(tx, { ...file, document: { ...file.document, materials }, updatedAt: now() });
    });
  }
}

/** The same file again replaces its entry. */
function including(materials: readonly CaseMaterial[], taken: readonly CaseMaterial[]): CaseMaterial[] {
  const digests = new Set(taken.map(({ digest }) => digest));
  return [...materials.filter(({ digest }) => !digests.has(digest)), ...taken];
}

/**
 * Files are added while the window still works on the case, while a supplement is asked for, and as long as something is
 * outstanding that was promised.
 *
 * @param name of the file; undefined to ask about any
 * @throws CodedError CONFLICT
 */
export function demandTakesFiles(file: CaseFile, name?: string): void {
  demandUnerased(file);
  const open: readonly State[] = ['draft', 'previewed', 'returned', 'supplementing', 'supplementing-accepted'];
  const awaiting: readonly State[] = ['accepted', 'special', 'approved', 'issued'];
  const left = awaiting.includes(file.state) ? outstanding(file.document) : [];
  const takes = open.includes(file.state) || left.some(({ material }) => name === undefined || name === material);
  if (file.role === 'receiving' && takes && !file.pending) return;
  throw new CodedError('CONFLICT', `the case takes no files in the state "${file.state}"`);
}

function tooMany(): CodedError {
  const message = `a case holds at most ${MAX_FILES} files`;
  const problem: Problem = { pointer: '/materials', code: 'TOO_MANY', message };
  return new CodedError('VALIDATION_FAILED', message, [problem]);
}
