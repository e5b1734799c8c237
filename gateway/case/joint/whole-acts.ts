import { CodedError, type messages, type Problem } from '#proto';
import type { Sql } from '../../store/store.ts';
import { missingMaterials } from '../formal-review.ts';
import { limitTable } from '../limits/limit-table.ts';
import type { ItemFacts } from '../neighbours.ts';
import { handOverParts } from './hand-over.ts';
import type { JointCase, JointPartRow } from './joint-case.ts';
import { jointCases } from './joint-case-table.ts';
import { type JointContext, planOf } from './joint-context.ts';
import { newsOf } from './joint-news.ts';
import { advance, nextPart, nextWhole } from './joint-states.ts';
import { filesOf } from './joint-tender.ts';
import type { Plan, PlannedPart } from './plan.ts';

/** What an act on a whole takes. */
export interface WholeActInput {
  readonly handler: messages.Handler;
  readonly way?: string;
  readonly reason?: string;
}

/**
 * Submits a whole: the parts that wait for none begin, and so does the limit for the whole.
 *
 * @throws CodedError VALIDATION_FAILED with everything that any part misses, JOINT_INACTIVE, ILLEGAL_TRANSITION, ITEM_UNKNOWN
 */
export async function submitWhole(context: JointContext, joint: JointCase): Promise<void> {
  const { store, now, office, emit } = context;
  const at = now();
  const plan = await planOf(store.read, joint, context);
  if (!plan.isInForce) throw new CodedError('JOINT_INACTIVE', 'the joint agreement is not in force any more');
  nextWhole(joint.state, 'submit');
  demandUnerasedWhole(joint);
  await demandComplete(context, joint, plan);
  await store.write(async (tx) => {
    const current = await demandIn(tx, joint.conversation);
    const state = nextWhole(current.state, 'submit');
    const rows = await jointCases.parts(tx, joint.conversation);
    const { begin } = advance(plan.parts.map(({ id, after }) => ({ id, after, state: 'waiting' as const })));
    for (const row of rows.filter(({ part }) => begin.includes(part)))
      await jointCases.changePart(tx, { ...row, state: nextPart(row.state, 'begin') });
    const dueAt = office.after(at, plan.workingDays);
    const document = { ...current.document, submittedAt: at, dueAt };
    const changed = await jointCases.change(tx, current, { state, document }, at);
    await limitTable.beginWhole(tx, joint.conversation, { since: at, dueAt }, office);
    await emit(tx, { ...newsOf(changed, at), event: 'submitted' });
  });
}

/** B6 统一出件. @throws CodedError ILLEGAL_TRANSITION, and the codes of `CaseService.act` for a part */
export async function handOverWhole(
  context: JointContext,
  conversation: string,
  { handler, way = '' }: WholeActInput,
): Promise<void> {
  const { store, now, cases, emit } = context;
  const at = now();
  await store.write(async (tx) => {
    const joint = await demandIn(tx, conversation);
    const plan = await planOf(tx, joint, context);
    const kept = await jointCases.parts(tx, conversation);
    const rows = plan.parts.map(({ id }) => kept.find(({ part }) => part === id)!);
    demandHandOver(joint, rows, plan);
    const state = nextWhole(joint.state, 'hand-over');
    const results = await handOverParts(tx, rows, await filesOf(tx, rows), { cases, input: { handler, way } });
    const document = { ...joint.document, handOver: { handler, way, at, results } };
    const changed = await jointCases.change(tx, joint, { state, document }, at);
    await emit(tx, { ...newsOf(changed, at), event: 'handed-over' });
  });
}

/** Withdraws what may still be. @throws CodedError ILLEGAL_TRANSITION */
export async function withdrawWhole(
  { store, now, emit }: JointContext,
  conversation: string,
  { handler, reason = '' }: WholeActInput,
): Promise<void> {
  const at = now();
  await store.write(async (tx) => {
    const joint = await demandIn(tx, conversation);
    const state = nextWhole(joint.state, 'withdraw');
    const withdrawal = { handler, reason, at };
    const document = { ...joint.document, withdrawal, ...(state === 'withdrawn' && { endedAt: at }) };
    const changed = await jointCases.change(tx, joint, { state, document }, at);
    await emit(tx, { ...newsOf(changed, at), event: 'withdrawn' });
  });
}

/** Everything that any part misses is named at once (一次性告知); what several parts miss is named once. */
async function demandComplete({ store, itemOf }: JointContext, joint: JointCase, plan: Plan): Promise<void> {
  const missing = new Map<string, Problem & { parts: string[] }>();
  for (const part of plan.parts) {
    const item = await itemOf(store.read, part.region, part.item);
    if (!item)
      throw new CodedError(
        'ITEM_UNKNOWN',
        `part "${part.id}": region ${part.region} does not offer the item ${part.item}`,
      );
    for (const { name, code } of missingIn(joint, plan, part, item)) {
      const pointer = plan.missingAt(part.id, name);
      const key = `${pointer} ${code}`;
      const message = code === 'ORIGINAL' ? 'compare it with the original first (原件核验)' : 'the item demands it';
      const parts = [...(missing.get(key)?.parts ?? []), part.id];
      missing.set(key, { pointer, code, message, parts });
    }
  }
  if (missing.size === 0) return;
  const problems = [...missing.values()].map(({ parts, message, ...problem }) => {
    return { ...problem, message: `${parts.map((part) => `"${part}"`).join(', ')}: ${message}` };
  });
  throw new CodedError('VALIDATION_FAILED', 'the joint case is not complete', problems);
}

function missingIn({ document }: JointCase, plan: Plan, { id }: PlannedPart, item: ItemFacts) {
  const materials = document.materials.flatMap((material) => {
    const name = plan.materialIn(id, material.name);
    return name === undefined ? [] : [{ ...material, name }];
  });
  return missingMaterials({ document: { materials } }, item);
}

/** @throws CodedError ILLEGAL_TRANSITION naming the parts that are still open */
function demandHandOver({ state }: JointCase, rows: readonly JointPartRow[], { handover }: Plan): void {
  if (handover !== 'one-window')
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      'the agreement says that each region hands over the result of its own part',
    );
  if (state !== 'running' && state !== 'withdrawing') return;
  const open = rows.filter((row) => row.state === 'waiting' || row.state === 'running').map(({ part }) => part);
  throw new CodedError('ILLEGAL_TRANSITION', `everything is handed over at once; still open: ${open.join(', ')}`);
}

/** @throws CodedError CONFLICT when it was erased: nothing more is kept of it */
export function demandUnerasedWhole({ erasedAt }: JointCase): void {
  if (erasedAt === undefined) return;
  throw new CodedError('CONFLICT', 'what is personal in the joint case was erased; it takes nothing more');
}

async function demandIn(sql: Sql, conversation: string): Promise<JointCase> {
  const joint = await jointCases.find(sql, conversation);
  if (!joint) throw new CodedError('NOT_FOUND', 'there is no joint case with this number');
  demandUnerasedWhole(joint);
  return joint;
}
