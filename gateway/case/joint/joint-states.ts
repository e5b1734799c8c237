import { CodedError } from '#proto';

/** States of a joint case (联办件) as a whole. */
export const WHOLE_STATES = {
  draft: { zh: '待提交', en: 'at the window, not yet submitted' },
  running: { zh: '联办中', en: 'its parts are being handled' },
  withdrawing: { zh: '撤回中', en: 'withdrawn, or fallen with a part; parts under way are being withdrawn' },
  complete: { zh: '已全部办结', en: 'every part has ended' },
  'handed-over': { zh: '已统一出件', en: 'all results were handed over' },
  withdrawn: { zh: '已撤回', en: 'withdrawn by the applicant, and nothing was decided' },
} as const;
export type WholeState = keyof typeof WHOLE_STATES;

/** States of one part (分工) of it. */
export const PART_STATES = {
  waiting: { zh: '等待前置', en: 'waits for the parts before it' },
  running: { zh: '办理中', en: 'may begin, or is being handled' },
  done: { zh: '已办成', en: 'has brought its result' },
  failed: { zh: '未办成', en: 'denied, refused, sent back, withdrawn, or taken back' },
  skipped: { zh: '不再办理', en: 'never begins' },
} as const;
export type PartState = keyof typeof PART_STATES;

export type WholeEvent = 'submit' | 'withdraw' | 'fall' | 'all-ended' | 'nothing-left' | 'hand-over';
export type PartEvent = 'begin' | 'skip' | 'finish' | 'fail';

interface Row<State, Event> {
  readonly event: Event;
  readonly from: readonly State[];
  readonly to: State;
}

/**
 * The whole as a table. `fall`: a part came to nothing, and so the whole is to; `all-ended`: something is to be handed over, or
 * to be told; `nothing-left`: withdrawn before anything was decided.
 */
// biome-ignore format: a table is read in lines
const WHOLE: readonly Row<WholeState, WholeEvent>[] = [
  { event: 'submit', from: ['draft'], to: 'running' },
  { event: 'withdraw', from: ['draft'], to: 'withdrawn' },
  { event: 'withdraw', from: ['running'], to: 'withdrawing' },
  { event: 'fall', from: ['running'], to: 'withdrawing' },
  { event: 'all-ended', from: ['running', 'withdrawing'], to: 'complete' },
  { event: 'nothing-left', from: ['withdrawing'], to: 'withdrawn' },
  { event: 'hand-over', from: ['complete'], to: 'handed-over' },
];

/** A part as a table. A result that is taken back (撤销) before the hand-over fails after all. */
// biome-ignore format: a table is read in lines
const PART: readonly Row<PartState, PartEvent>[] = [
  { event: 'begin', from: ['waiting'], to: 'running' },
  { event: 'skip', from: ['waiting', 'running'], to: 'skipped' },
  { event: 'finish', from: ['running'], to: 'done' },
  { event: 'fail', from: ['running', 'done'], to: 'failed' },
];

/** @throws CodedError ILLEGAL_TRANSITION */
export function nextWhole(state: WholeState, event: WholeEvent): WholeState {
  return next(WHOLE, state, event, 'the joint case');
}

/** @throws CodedError ILLEGAL_TRANSITION */
export function nextPart(state: PartState, event: PartEvent): PartState {
  return next(PART, state, event, 'a part');
}

function next<State extends string, Event extends string>(
  table: readonly Row<State, Event>[],
  state: State,
  event: Event,
  what: string,
): State {
  const row = table.find((candidate) => candidate.event === event && candidate.from.includes(state));
  if (!row) throw new CodedError('ILLEGAL_TRANSITION', `"${event}" is not possible while ${what} is "${state}"`);
  return row.to;
}

/** A part as its order sees it. */
export interface OrderedPart {
  readonly id: string;
  /** Parts that must be done first (前置). */
  readonly after: readonly string[];
  readonly state: PartState;
}

/**
 * What the order of the plan says now: parts begin when all before them are done, side by side (并联) where nothing
 * stands between them, and never begin when one before them came to nothing. Pure.
 */
export function advance(parts: readonly OrderedPart[]): { readonly begin: string[]; readonly skip: string[] } {
  const states = new Map(parts.map(({ id, state }) => [id, state]));
  const skip: string[] = [];
  for (let found = true; found; ) {
    found = false;
    for (const { id, after } of parts) {
      if (states.get(id) !== 'waiting' || !after.some((before) => isLost(states.get(before)))) continue;
      states.set(id, 'skipped');
      skip.push(id);
      found = true;
    }
  }
  const ready = parts.filter(({ id, after }) => {
    return states.get(id) === 'waiting' && after.every((before) => states.get(before) === 'done');
  });
  return { begin: ready.map(({ id }) => id), skip };
}

/** Whether nothing of the whole is under way any more. */
export function allEnded(parts: readonly Pick<OrderedPart, 'state'>[]): boolean {
  return parts.every(({ state }) => state !== 'waiting' && state !== 'running');
}

function isLost(state: PartState | undefined): boolean {
  return state === 'failed' || state === 'skipped';
}
