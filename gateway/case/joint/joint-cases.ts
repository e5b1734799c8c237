import { CodedError, type messages, type Problem } from '#proto';
import type { Sql, Transaction } from '../../store/store.ts';
import { nextNumber } from '../case-changes.ts';
import type { CaseMaterial } from '../case-file.ts';
import { readActInput } from '../case-input.ts';
import type { Upload } from '../case-materials.ts';
import { missingMaterials } from '../formal-review.ts';
import { handOverParts } from './hand-over.ts';
import type { JointCase, JointPartRow } from './joint-case.ts';
import { jointCases } from './joint-case-table.ts';
import { agreementOf, type JointContext } from './joint-context.ts';
import { agreementNamed, partInput, readJointInput } from './joint-input.ts';
import { jointMaterials } from './joint-materials.ts';
import type { JointNews } from './joint-news.ts';
import { advance, nextPart, nextWhole } from './joint-states.ts';
import { filesOf, JointTender, placeOf } from './joint-tender.ts';
import { type JointCaseView, jointCaseView } from './joint-view.ts';

/** What a window does with a joint case as a whole. */
export const JOINT_ACTS = ['submit', 'hand-over', 'withdraw'] as const;
export type JointAct = (typeof JOINT_ACTS)[number];

/** The rule of which step of a single case the input of each act follows. */
const INPUT_OF = { submit: 'transfer', 'hand-over': 'deliver', withdraw: 'withdraw' } as const;

interface ActInput {
  readonly handler: messages.Handler;
  readonly way?: string;
  readonly reason?: string;
}

/** Reads the input of an act on a joint case. @throws CodedError VALIDATION_FAILED with every wrong field */
export function readJointAct(act: JointAct, input: unknown): ActInput {
  return readActInput<ActInput>(INPUT_OF[act], input);
}

/**
 * Joint cases (联办件) that our region leads: one application, one window, parts that several regions decide in the order of
 * their agreement, and one hand-over.
 */
export class JointCases {
  readonly #context: JointContext;
  readonly #tender: JointTender;

  constructor(context: JointContext) {
    this.#context = context;
    this.#tender = new JointTender(context);
  }

  /**
   * Opens a joint case at our window, as a draft. Every part is judged now, so that nobody waits for one in vain that could
   * never begin.
   *
   * @param input the agreement's id, applicant, form, handler, and `forms` for what single parts ask beyond
   * @throws CodedError JOINT_UNKNOWN, JOINT_INACTIVE, JOINT_INVALID when it opens at another region, VALIDATION_FAILED,
   *   and what `CaseService.create` throws for a part
   */
  async open(input: unknown): Promise<JointCaseView> {
    const { store, region, now, newId } = this.#context;
    const at = now();
    const agreement = agreementNamed(input);
    const { content, isAgreed } = await agreementOf(store.read, agreement, at);
    demandWindow(region, content);
    if (!isAgreed) throw new CodedError('JOINT_INACTIVE', 'the joint agreement is not in force');
    const read = readJointInput(input, content);
    for (const { id } of content.parts) {
      const place = placeOf({ agreement, number: '-' }, id, content);
      await this.#judged(id, () => this.#context.cases.demandOpenable(partInput(read, id, content, region), place));
    }
    const { handler, applicant, form, forms, identityCheck, legalBasis } = read;
    const joint = await store.write(async (tx) => {
      const opened: JointCase = {
        conversation: newId(),
        number: `J${await nextNumber(tx, region, at)}`,
        agreement,
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
      const parts = content.parts.map(({ id }): JointPartRow => {
        return { part: id, conversation: newId(), state: 'waiting', code: '' };
      });
      await jointCases.insert(tx, opened, parts);
      await this.#emit(tx, opened, 'opened', at);
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
    const { conversation } = await this.#demand(key);
    if (act === 'submit') await this.#submit(conversation);
    else if (act === 'hand-over') await this.#handOver(conversation, read);
    else await this.#withdraw(conversation, read);
    await this.#tender.tendOne(conversation);
    return this.get(conversation);
  }

  /** Newest first. @param before creation and conversation of the last one of the page before */
  async list(limit: number, before?: readonly [number, string]): Promise<JointCaseView[]> {
    const page = await jointCases.list(this.#context.store.read, limit, before);
    return Promise.all(page.map((joint) => this.#view(joint)));
  }

  /** By its conversation or number. @throws CodedError NOT_FOUND */
  async get(key: string): Promise<JointCaseView> {
    return this.#view(await this.#demand(key));
  }

  /** A case moved, which may be a part. */
  touched(conversation: string): void {
    this.#tender.touched(conversation);
  }

  /** Opens, withdraws and counts what is due. To be called at the start and every few minutes. Never throws. */
  tend(): Promise<void> {
    return this.#tender.tend();
  }

  stop(): Promise<void> {
    return this.#tender.stop();
  }

  async #submit(conversation: string): Promise<void> {
    const { store, now, office } = this.#context;
    const at = now();
    const joint = await this.#demand(conversation);
    const { content, isAgreed } = await agreementOf(store.read, joint.agreement, at);
    if (!isAgreed) throw new CodedError('JOINT_INACTIVE', 'the joint agreement is not in force any more');
    await this.#demandComplete(joint, content.parts);
    await store.write(async (tx) => {
      const current = await demandIn(tx, conversation);
      const state = nextWhole(current.state, 'submit');
      const rows = await jointCases.parts(tx, conversation);
      const ordered = content.parts.map(({ id, after }) => ({ id, after, state: 'waiting' as const }));
      const { begin } = advance(ordered);
      for (const row of rows.filter(({ part }) => begin.includes(part)))
        await jointCases.changePart(tx, { ...row, state: nextPart(row.state, 'begin') });
      const document = { ...current.document, submittedAt: at, dueAt: office.after(at, content.working_days) };
      const changed = await jointCases.change(tx, current, { state, document }, at);
      await this.#emit(tx, changed, 'submitted', at);
    });
  }

  async #handOver(conversation: string, { handler, way = '' }: ActInput): Promise<void> {
    const { store, now, cases } = this.#context;
    const at = now();
    await store.write(async (tx) => {
      const joint = await demandIn(tx, conversation);
      const { content } = await agreementOf(tx, joint.agreement, at);
      const kept = await jointCases.parts(tx, conversation);
      const rows = content.parts.map(({ id }) => kept.find(({ part }) => part === id)!);
      demandHandOver(joint, rows, content.handover);
      const state = nextWhole(joint.state, 'hand-over');
      const results = await handOverParts(tx, rows, await filesOf(tx, rows), { cases, input: { handler, way } });
      const document = { ...joint.document, handOver: { handler, way, at, results } };
      await this.#emit(tx, await jointCases.change(tx, joint, { state, document }, at), 'handed-over', at);
    });
  }

  async #withdraw(conversation: string, { handler, reason = '' }: ActInput): Promise<void> {
    const { store, now } = this.#context;
    const at = now();
    await store.write(async (tx) => {
      const joint = await demandIn(tx, conversation);
      const state = nextWhole(joint.state, 'withdraw');
      const withdrawal = { handler, reason, at };
      const document = { ...joint.document, withdrawal, ...(state === 'withdrawn' && { endedAt: at }) };
      await this.#emit(tx, await jointCases.change(tx, joint, { state, document }, at), 'withdrawn', at);
    });
  }

  /** Everything that any part misses is named at once (一次性告知). */
  async #demandComplete(joint: JointCase, parts: readonly { id: string; region: string; item: string }[]) {
    const { store, itemOf } = this.#context;
    const problems: Problem[] = [];
    for (const { id, region, item: code } of parts) {
      const item = await itemOf(store.read, region, code);
      if (!item) throw new CodedError('ITEM_UNKNOWN', `part "${id}": region ${region} does not offer the item ${code}`);
      for (const missing of missingMaterials(joint, item))
        problems.push({
          pointer: `/parts/${id}/materials/${missing.name}`,
          code: missing.code,
          message:
            missing.code === 'ORIGINAL' ? 'compare it with the original first (原件核验)' : 'the item demands it',
        });
    }
    if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', 'the joint case is not complete', problems);
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

  #emit(tx: Transaction, { conversation, number, agreement, state }: JointCase, event: JointNews['event'], at: number) {
    return this.#context.emit(tx, { conversation, number, agreement, state, event, at });
  }

  async #demand(key: string): Promise<JointCase> {
    const { read } = this.#context.store;
    const joint = (await jointCases.find(read, key)) ?? (await jointCases.findByNumber(read, key));
    if (!joint) throw new CodedError('NOT_FOUND', 'there is no joint case with this number');
    return joint;
  }

  async #view(joint: JointCase): Promise<JointCaseView> {
    const { store, now } = this.#context;
    const at = now();
    const { content } = await agreementOf(store.read, joint.agreement, at);
    const rows = await jointCases.parts(store.read, joint.conversation);
    return jointCaseView(joint, content, { rows, files: await filesOf(store.read, rows), now: at });
  }
}

/** A joint case opens at the lead, which orders the whole; other windows send the applicant there. */
function demandWindow(region: string, { lead, receiving }: { lead: string; receiving: readonly string[] }): void {
  if (region !== lead) throw new CodedError('JOINT_INVALID', `a joint case is opened at the lead region ${lead}`);
  if (!receiving.includes(region))
    throw new CodedError('JOINT_INVALID', 'the agreement lets no window of our region take applications in');
}

/** @throws CodedError ILLEGAL_TRANSITION naming the parts that are still open */
function demandHandOver({ state }: JointCase, rows: readonly JointPartRow[], handover: string): void {
  if (handover !== 'one-window')
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      'the agreement says that each region hands over the result of its own part',
    );
  if (state !== 'running' && state !== 'withdrawing') return;
  const open = rows.filter((row) => row.state === 'waiting' || row.state === 'running').map(({ part }) => part);
  throw new CodedError('ILLEGAL_TRANSITION', `everything is handed over at once; still open: ${open.join(', ')}`);
}

async function demandIn(sql: Sql, conversation: string): Promise<JointCase> {
  const joint = await jointCases.find(sql, conversation);
  if (!joint) throw new CodedError('NOT_FOUND', 'there is no joint case with this number');
  return joint;
}
