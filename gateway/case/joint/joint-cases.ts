import { CodedError, type messages } from '#proto';
import type { Transaction } from '../../store/store.ts';
import { nextNumber } from '../case-changes.ts';
import type { CaseMaterial } from '../case-file.ts';
import { readActInput } from '../case-input.ts';
import type { Upload } from '../case-materials.ts';
import { type DueLimit, limitEvent } from '../limits/limit-table.ts';
import type { JointCase, JointPartRow, WholeKind } from './joint-case.ts';
import { jointCases } from './joint-case-table.ts';
import { type JointContext, planOf } from './joint-context.ts';
import { nameIn } from './joint-input.ts';
import { jointMaterials } from './joint-materials.ts';
import { newsOf } from './joint-news.ts';
import { filesOf, JointTender, placeOf } from './joint-tender.ts';
import { type JointCaseView, jointCaseView } from './joint-view.ts';
import { handOverWhole, submitWhole, type WholeActInput, withdrawWhole } from './whole-acts.ts';

/** What a window does with a joint case as a whole. */
export const JOINT_ACTS = ['submit', 'hand-over', 'withdraw'] as const;
export type JointAct = (typeof JOINT_ACTS)[number];

/** The rule of which step of a single case the input of each act follows. */
const INPUT_OF = { submit: 'transfer', 'hand-over': 'deliver', withdraw: 'withdraw' } as const;

/** First letter of the numbers. */
const PREFIX: Readonly<Record<WholeKind, string>> = { agreement: 'J', bundle: 'B' };

/** Reads the input of an act on a joint case. @throws CodedError VALIDATION_FAILED with every wrong field */
export function readJointAct(act: JointAct, input: unknown): WholeActInput {
  return readActInput<WholeActInput>(INPUT_OF[act], input);
}

/**
 * What our region leads as a whole: joint cases (联办件) that several regions decide after their agreement, and the cases of our
 * bundles (一件事). One application, one window, parts in their order, and one hand-over.
 */
export class JointCases {
  readonly #context: JointContext;
  readonly #tender: JointTender;

  constructor(context: JointContext) {
    this.#context = context;
    this.#tender = new JointTender(context);
  }

  /**
   * Opens a whole at our window, as a draft. Every part is judged now, so that nobody waits for one in vain that could never
   * begin.
   *
   * @param input the agreement's id or the bundle's code, applicant, form, handler, and `forms` for what single parts ask beyond
   * @throws CodedError JOINT_UNKNOWN, JOINT_INACTIVE, JOINT_INVALID when it opens at another region, NOT_FOUND for a bundle,
   *   VALIDATION_FAILED, and what `CaseService.create` throws for a part
   */
  async open(input: unknown, kind: WholeKind = 'agreement'): Promise<JointCaseView> {
    const { store, region, now, newId, emit } = this.#context;
    const at = now();
    const followed = await this.#followed(input, kind);
    const plan = await planOf(store.read, followed, this.#context);
    if (plan.obstacle) throw plan.obstacle;
    if (!plan.isInForce) throw new CodedError('JOINT_INACTIVE', 'the joint agreement is not in force');
    const read = plan.read(input as Readonly<Record<string, unknown>>);
    for (const { id } of plan.parts) {
      const place = placeOf({ ...followed, number: '-' }, id, plan);
      await this.#judged(id, () => this.#context.cases.demandOpenable(plan.inputOf(read, id), place));
    }
    const { handler, applicant, form, forms, identityCheck, legalBasis } = read;
    const joint = await store.write(async (tx) => {
      const opened: JointCase = {
        conversation: newId(),
        number: `${PREFIX[kind]}${await nextNumber(tx, region, at)}`,
        ...followed,
        state: 'draft',
        document: {
          ...{ applicant, form, forms, handler, materials: [] },
          ...(identityCheck && { identityCheck }),
          ...(legalBasis && { legalBasis }),
        },
        version: 0,
        createdAt: at,
        updatedAt: at,
      };
      const parts = plan.parts.map(({ id }): JointPartRow => {
        return { part: id, conversation: newId(), state: 'waiting', code: '' };
      });
      await jointCases.insert(tx, opened, parts);
      await emit(tx, { ...newsOf(opened, at), event: 'opened' });
      return opened;
    });
    return this.get(joint.conversation);
  }

  /**
   * Takes a file for the whole; each part gets those that its item asks for.
   *
   * @throws CodedError NOT_FOUND, CONFLICT when it takes no files now, MATERIAL_TOO_LARGE, VALIDATION_FAILED
   */
  async addMaterial(key: string, upload: Upload, bytes: AsyncIterable<Uint8Array>): Promise<CaseMaterial> {
    const joint = await this.#demand(key);
    const material = await jointMaterials.add(this.#context, joint, upload, bytes);
    void this.#tender.tendOne(joint.conversation);
    return material;
  }

  /** R3 原件核验: for all parts at once. @throws CodedError NOT_FOUND, CONFLICT */
  async checkOriginal(key: string, digest: string, checkedBy: messages.Handler): Promise<CaseMaterial> {
    const joint = await this.#demand(key);
    const material = await jointMaterials.check(this.#context, joint, digest, checkedBy);
    void this.#tender.tendOne(joint.conversation);
    return material;
  }

  /**
   * Acts on the whole. `submit` begins the parts that wait for none; `hand-over` delivers every decided part at once;
   * `withdraw` withdraws what still may be.
   *
   * @param input as `readJointAct` takes it
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED with every missing material, ILLEGAL_TRANSITION, JOINT_INACTIVE, and the
   *   codes of `CaseService.act` for a part
   */
  async act(key: string, act: JointAct, input: unknown): Promise<JointCaseView> {
    const read = readJointAct(act, input);
    const joint = await this.#demand(key);
    const { conversation } = joint;
    if (act === 'submit') await submitWhole(this.#context, joint);
    else if (act === 'hand-over') await handOverWhole(this.#context, conversation, read);
    else await withdrawWhole(this.#context, conversation, read);
    await this.#tender.tendOne(conversation);
    return this.get(conversation);
  }

  /** Newest first. @param before creation and conversation of the last one of the page before */
  async list(
    limit: number,
    before?: readonly [number, string],
    kind: WholeKind = 'agreement',
  ): Promise<JointCaseView[]> {
    const page = await jointCases.list(this.#context.store.read, kind, limit, before);
    return Promise.all(page.map((joint) => this.#view(joint)));
  }

  /** By its conversation or number. @param kind of any kind when it is left out @throws CodedError NOT_FOUND */
  async get(key: string, kind?: WholeKind): Promise<JointCaseView> {
    return this.#view(await this.#demand(key, kind));
  }

  /** A case moved, which may be a part. */
  touched(conversation: string): void {
    this.#tender.touched(conversation);
  }

  /** Opens, withdraws and counts what is due. To be called at the start and every few minutes. Never throws. */
  tend(): Promise<void> {
    return this.#tender.tend();
  }

  /** The limit of a whole runs out soon, or has run out. In the unit of work that takes it as told. */
  async limitDue(tx: Transaction, { conversation, dueAt, stage }: DueLimit): Promise<void> {
    const joint = await jointCases.find(tx, conversation);
    if (!joint) return;
    const { emit, now } = this.#context;
    await emit(tx, { ...newsOf(joint, now()), event: limitEvent(stage), dueAt });
  }

  stop(): Promise<void> {
    return this.#tender.stop();
  }

  /** What an input wants to follow: the agreement that it names, or the newest version of a bundle. */
  async #followed(input: unknown, kind: WholeKind): Promise<Pick<JointCase, 'agreement' | 'bundle' | 'bundleVersion'>> {
    const named = nameIn(input, kind);
    if (kind === 'agreement') return { agreement: named, bundle: '', bundleVersion: 0 };
    const { n } = await this.#context.bundles.get(named);
    return { agreement: '', bundle: named, bundleVersion: n };
  }

  /** What is wrong with a part is said with its name. */
  async #judged(part: string, judge: () => Promise<unknown>): Promise<void> {
    try {
      await judge();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      throw new CodedError(error.code, `part "${part}": ${error.message}`, error.problems, { cause: error });
    }
  }

  async #demand(key: string, kind?: WholeKind): Promise<JointCase> {
    const { read } = this.#context.store;
    const joint = (await jointCases.find(read, key)) ?? (await jointCases.findByNumber(read, key));
    const isOther = kind !== undefined && joint && (joint.bundle === '' ? 'agreement' : 'bundle') !== kind;
    if (!joint || isOther) throw new CodedError('NOT_FOUND', 'there is no joint case with this number');
    return joint;
  }

  async #view(joint: JointCase): Promise<JointCaseView> {
    const { store, now } = this.#context;
    const plan = await planOf(store.read, joint, this.#context);
    const rows = await jointCases.parts(store.read, joint.conversation);
    return jointCaseView(joint, plan, { rows, files: await filesOf(store.read, rows), now: now() });
  }
}
