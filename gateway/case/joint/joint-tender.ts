import { CodedError } from '#proto';
import type { Sql, Transaction } from '../../store/store.ts';
import type { CaseFile, JointPlace } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { limitTable } from '../limits/limit-table.ts';
import { machineOf } from '../machines/machine-of.ts';
import { allowedEvents } from '../transitions.ts';
import type { JointCase, JointPartRow } from './joint-case.ts';
import { jointCases } from './joint-case-table.ts';
import { type JointContext, planOf } from './joint-context.ts';
import { newsOf } from './joint-news.ts';
import { moveJoint } from './move-joint.ts';
import type { Plan } from './plan.ts';

/** Joint cases that are read at once. */
const PAGE = 100;

/**
 * Moves joint cases on when the cases of their parts have moved. What is to be done is read from the store alone and each
 * step of it may be done twice, so that a gateway that stopped anywhere goes on where it was.
 */
export class JointTender {
  readonly #context: JointContext;
  readonly #touched = new Set<string>();
  #tending: Promise<void> = Promise.resolve();

  constructor(context: JointContext) {
    this.#context = context;
  }

  /** A case moved: the whole of which it may be a part is looked at soon. */
  touched(conversation: string): void {
    this.#touched.add(conversation);
    if (this.#touched.size === 1) this.#tending = this.#tending.then(() => this.#tendTouched());
  }

  /** Looks at one joint case. Never throws; what fails is tried again. */
  tendOne(conversation: string): Promise<void> {
    this.#tending = this.#tending.then(() => this.#tendOne(conversation));
    return this.#tending;
  }

  /** Looks at every joint case under way. Never throws; what fails is tried at the next call. */
  tend(): Promise<void> {
    this.#tending = this.#tending.then(() => this.#tendAll());
    return this.#tending;
  }

  /** Waits for what is being done. */
  async stop(): Promise<void> {
    await this.#tending;
  }

  async #tendTouched(): Promise<void> {
    const { store, onError } = this.#context;
    const touched = [...this.#touched];
    this.#touched.clear();
    const joints = new Set<string>();
    for (const conversation of touched) {
      const joint = await jointCases.ofPart(store.read, conversation).catch((error) => onError(conversation, error));
      if (joint) joints.add(joint);
    }
    for (const joint of joints) await this.#tendOne(joint);
  }

  async #tendAll(): Promise<void> {
    const { store, onError } = this.#context;
    for (let after = ''; ; ) {
      const page = await jointCases.underWay(store.read, after, PAGE).catch((error) => onError(after, error));
      for (const joint of page ?? []) await this.#tendOne(joint);
      if (!page || page.length < PAGE) return;
      after = page.at(-1)!;
    }
  }

  async #tendOne(conversation: string): Promise<void> {
    const { store, onError } = this.#context;
    try {
      const joint = await store.write((tx) => this.#move(tx, conversation));
      if (!joint) return;
      const plan = await planOf(store.read, joint, this.#context);
      for (const row of await jointCases.parts(store.read, conversation))
        if (row.state === 'running') await this.#push(joint, row, plan);
    } catch (error) {
      onError(conversation, error);
    }
  }

  /** Writes down what has become of a joint case. @returns it while it is under way */
  async #move(tx: Transaction, conversation: string): Promise<JointCase | undefined> {
    const { now, emit } = this.#context;
    const at = now();
    const joint = await jointCases.find(tx, conversation);
    if (joint?.state !== 'running' && joint?.state !== 'withdrawing') return undefined;
    const plan = await planOf(tx, joint, this.#context);
    const rows = await jointCases.parts(tx, conversation);
    const files = await filesOf(tx, rows);
    const hasFallen = joint.document.fall !== undefined;
    const standing = { state: joint.state, rows, files, isAgreed: plan.isInForce, hasFallen };
    const { state, moved, fallenBy } = moveJoint(plan, standing);
    if (moved.length === 0 && state === joint.state) return joint;
    for (const row of moved) await jointCases.changePart(tx, row);
    const isOver = state === 'complete' || state === 'withdrawn';
    const document = {
      ...joint.document,
      ...(fallenBy !== undefined && { fall: { part: fallenBy, at } }),
      ...(isOver && { endedAt: at }),
    };
    const changed = await jointCases.change(tx, joint, { state, document }, at);
    if (isOver) await limitTable.endWhole(tx, conversation);
    const news = newsOf(changed, at);
    for (const { part, conversation: partConversation, state: partState } of moved)
      await emit(tx, { ...news, event: 'part', part, partConversation, partState });
    if (isOver) await emit(tx, { ...news, event: state });
    return isOver ? undefined : changed;
  }

  /** Opens a part that may begin, or withdraws it with the whole. What is wrong stands with the part and is tried again. */
  async #push(joint: JointCase, row: JointPartRow, plan: Plan): Promise<void> {
    const { store, onError } = this.#context;
    const code = await this.#pushed(joint, row, plan).catch((error) => {
      if (error instanceof CodedError) return error.code;
      onError(joint.conversation, error);
      return row.code;
    });
    if (code === row.code) return;
    await store.write(async (tx) => {
      const current = (await jointCases.parts(tx, joint.conversation)).find(({ part }) => part === row.part);
      if (current?.state === 'running') await jointCases.changePart(tx, { ...current, code });
    });
  }

  async #pushed(joint: JointCase, row: JointPartRow, plan: Plan): Promise<string> {
    const { store, cases } = this.#context;
    const { conversation } = row;
    const { handler } = joint.document;
    const end = endingOf(joint.document);
    let file = await caseRepository.find(store.read, conversation);
    if (end) return file ? this.#withdraw(file, end) : '';
    file ??= await this.#create(joint, row, plan);
    if (file.state === 'draft') {
      await this.#copyMaterials(joint, row.part, file, plan);
      file = await cases.act(conversation, 'receive', { handler });
    }
    if (file.mode === 'direct' || file.state !== 'received' || file.pending) return '';
    // What the other region refused it would refuse again: somebody has to look, and hands it over by hand.
    if (file.document.rejected) return file.document.rejected.code;
    await cases.act(conversation, 'transfer', { handler });
    return '';
  }

  #create(joint: JointCase, { part, conversation }: JointPartRow, plan: Plan): Promise<CaseFile> {
    const place = placeOf(joint, part, plan);
    return this.#context.cases.create(plan.inputOf(joint.document, part), { conversation, joint: place });
  }

  /** What was handed in for the whole, and this part asks for, under the name that its item gives it. */
  async #copyMaterials(joint: JointCase, part: string, file: CaseFile, plan: Plan): Promise<void> {
    const { store, region, itemOf, materials, cases } = this.#context;
    const decider = file.mode === 'direct' ? region : file.peer;
    const item = await itemOf(store.read, decider, file.item, file.document.itemDigest);
    const asked = new Set(item?.materials.map(({ name }) => name));
    const have = new Set(file.document.materials.map(({ digest }) => digest));
    for (const { digest, size: _, ...material } of joint.document.materials) {
      const name = plan.materialIn(part, material.name);
      if (name === undefined || !asked.has(name) || have.has(digest)) continue;
      const { bytes } = await materials.open(joint.conversation, Buffer.from(digest, 'hex'));
      await cases.addMaterial(file.conversation, { ...material, name }, bytes);
    }
  }

  async #withdraw(file: CaseFile, { handler, reason }: Ending): Promise<string> {
    const { store, cases } = this.#context;
    const isAnswered = file.document.rejected?.event === 'withdraw';
    if (file.pending || isAnswered) return file.document.rejected?.code ?? '';
    // What is decided already stays decided, and is handed over in the end.
    if (!allowedEvents(machineOf(file), file.state, 'receiving').includes('withdraw')) return '';
    await store.write((tx) => cases.actWithWhole(tx, file.conversation, 'withdraw', { handler, reason }));
    return '';
  }
}

/** Who ends the parts that are under way, and why. */
type Ending = Pick<NonNullable<JointCase['document']['withdrawal']>, 'handler' | 'reason'>;

function endingOf({ withdrawal, fall, handler }: JointCase['document']): Ending | undefined {
  if (withdrawal || !fall) return withdrawal;
  return { handler, reason: `一件事整体不再办理:分项 ${fall.part} 未办成` };
}

/** The place of a part, as its case keeps it. */
export function placeOf(
  { agreement, number }: Pick<JointCase, 'agreement' | 'number'>,
  part: string,
  { handover }: Plan,
): JointPlace {
  return { agreement, part, number, handover };
}

/** Cases of the parts that have one, by conversation. */
export async function filesOf(sql: Sql, rows: readonly JointPartRow[]): Promise<Map<string, CaseFile>> {
  const files = new Map<string, CaseFile>();
  for (const { conversation } of rows) {
    const file = await caseRepository.find(sql, conversation);
    if (file) files.set(conversation, file);
  }
  return files;
}
