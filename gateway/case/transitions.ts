import { CodedError, type PayloadName } from '#proto';

/** Part that a region has in a case: it takes the application in (收件地) or decides it (办理地). */
export type Role = 'receiving' | 'handling';

interface Label {
  readonly zh: string;
  readonly en: string;
}

/** States of a case (办件), whatever its mode. `none` is the handling region's view before the transfer arrives. */
export const STATES = {
  none: { zh: '尚无此件', en: 'no case yet' },
  draft: { zh: '待收件', en: 'at the window, not yet taken in' },
  previewing: { zh: '预审中', en: 'materials are with the handling region for a preview' },
  previewed: { zh: '已预审', en: 'the handling region has said what it thinks of the materials' },
  returned: { zh: '已一次性告知', en: 'given back with a list of everything missing' },
  received: { zh: '已收件', en: 'taken in' },
  transferred: { zh: '已转办理地', en: 'handed to the handling region' },
  supplementing: { zh: '待补正（受理前）', en: 'waiting for a supplement, not yet accepted' },
  'supplementing-accepted': { zh: '待补正（受理后）', en: 'waiting for a supplement, already accepted' },
  accepted: { zh: '已受理', en: 'accepted' },
  special: { zh: '特别程序中', en: 'in a special procedure' },
  approved: { zh: '准予许可', en: 'approved' },
  denied: { zh: '不予许可', en: 'denied' },
  issued: { zh: '证照已签发', en: 'certificate issued' },
  delivered: { zh: '已送达', en: 'result delivered' },
  rated: { zh: '已评价', en: 'rated' },
  refused: { zh: '不予受理', en: 'acceptance refused' },
  'sent-back': { zh: '已退回', en: 'sent back by the handling region' },
  withdrawn: { zh: '已撤回', en: 'withdrawn by the applicant' },
  revoked: { zh: '已撤销', en: 'the result was taken back' },
} as const satisfies Record<string, Label>;

export type State = keyof typeof STATES;

/** What can happen to a case, as buttons and histories show it. */
export const EVENTS = {
  'request-preview': { zh: '申请预审', en: 'ask for a preview of the materials' },
  'give-preview': { zh: '预审答复', en: 'say what is thought of the materials' },
  'one-time-notice': { zh: '一次性告知', en: 'name everything that is missing' },
  retake: { zh: '重新收件', en: 'take up again' },
  receive: { zh: '收件', en: 'take in' },
  transfer: { zh: '转办', en: 'hand to the handling region' },
  accept: { zh: '受理', en: 'accept' },
  refuse: { zh: '不予受理', en: 'refuse acceptance' },
  return: { zh: '退回', en: 'send back' },
  'request-supplement': { zh: '要求补正', en: 'ask for a supplement' },
  'submit-supplement': { zh: '提交补正', en: 'hand in the supplement' },
  'start-special': { zh: '启动特别程序', en: 'start a special procedure' },
  'end-special': { zh: '结束特别程序', en: 'end the special procedure' },
  approve: { zh: '准予', en: 'approve' },
  deny: { zh: '不予', en: 'deny' },
  issue: { zh: '签发证照', en: 'issue the certificate' },
  revoke: { zh: '撤销', en: 'take the result back' },
  deliver: { zh: '送达', en: 'deliver the result' },
  rate: { zh: '评价', en: 'rate' },
  withdraw: { zh: '撤回', en: 'withdraw' },
} as const satisfies Record<string, Label>;

export type Event = keyof typeof EVENTS;

/**
 * What an event does to the time limit (办结时限). Before acceptance `stop` and `resume` concern the limit for deciding
 * on acceptance, afterwards the promised one. `…-by-kind`: only if the kind of special procedure stops the clock.
 * `begin`: the limit for deciding on acceptance begins, where nothing is handed over.
 * `start-stopped`: the promised limit begins, but stands still until the supplement is in.
 */
export type ClockEffect =
  | 'begin'
  | 'start'
  | 'start-stopped'
  | 'stop'
  | 'resume'
  | 'stop-by-kind'
  | 'resume-by-kind'
  | 'end';

/** One line of the state machine. */
export interface Row {
  readonly event: Event;
  readonly by: readonly Role[];
  readonly from: readonly State[];
  readonly to: State;
  /** Message that tells the other region; without one the event stays in the receiving region. */
  readonly message?: PayloadName;
  readonly clock?: ClockEffect;
  /** Step of the procedure. */
  readonly step: `P${number}${'a' | ''}`;
  /** Right that the receiving region needs in order to do it. */
  readonly needs?: 'R1a' | 'R1b' | 'R2' | 'R5';
  /** The only view of the case in which the row holds; both when absent. */
  readonly view?: Role;
  /**
   * Rows that only reconcile the receiving region's view; nobody acts by them.
   * `late`: a message from before our accepted act arrives after its receipt; it is recorded and changes nothing.
   * `overtaken`: the receipt of our accepted act arrives after a message that followed the act.
   */
  readonly mark?: 'late' | 'overtaken';
}

/** The state machine of one mode (通办模式) as a table. */
export type Machine = readonly Row[];

/** What an event does to one region's view of a case. */
export interface Transition {
  readonly to: State;
  /** Recorded only: the message is from before the act that ended the case. */
  readonly late: boolean;
  readonly row: Row;
  /** Row of our pending act, which this message shows to have been accepted: its effects come first. */
  readonly implied?: Row;
}

/**
 * Moves one region's view of a case. Pure: nothing changes but what the caller stores.
 *
 * @param by who acts
 * @param view whose view of the case moves
 * @param pending the receiving region's own act that still waits for its receipt; also when that receipt is applied
 * @throws CodedError ILLEGAL_TRANSITION when the table has no such row
 */
export function apply(machine: Machine, state: State, event: Event, by: Role, view: Role, pending?: Event): Transition {
  const row = find(machine, state, event, by, view, pending);
  if (row) return { to: row.to, late: row.mark === 'late', row };
  const implied = pending && by === 'handling' && find(machine, state, pending, 'receiving', view);
  const after = implied && find(machine, implied.to, event, by, view);
  if (after && after.mark !== 'late') return { to: after.to, late: false, row: after, implied };
  throw illegal(machine, state, event, by);
}

/** Events by which this region may act in this state, in the order of the table. The rights of its rows come on top. */
export function allowedEvents(machine: Machine, state: State, role: Role): Event[] {
  const possible = machine.filter((row) => !row.mark && holds(row, state, role, role));
  return [...new Set(possible.map((row) => row.event))];
}

/** True if nobody can act on the case any more. */
export function isTerminal(machine: Machine, state: State): boolean {
  return !machine.some((row) => !row.mark && row.from.includes(state));
}

function find(machine: Machine, state: State, event: Event, by: Role, view: Role, pending?: Event): Row | undefined {
  return machine.find(
    (row) => row.event === event && holds(row, state, by, view) && (row.mark !== 'overtaken' || pending === event),
  );
}

function holds(row: Row, state: State, by: Role, view: Role): boolean {
  return row.from.includes(state) && row.by.includes(by) && (row.view ?? view) === view;
}

function illegal(machine: Machine, state: State, event: Event, by: Role): CodedError {
  const possible = allowedEvents(machine, state, by);
  const instead = possible.length > 0 ? `it may: ${possible.join(', ')}` : 'it can do nothing in this state';
  return new CodedError(
    'ILLEGAL_TRANSITION',
    `the ${by} region cannot do "${event}" while the case is "${state}"; ${instead}`,
  );
}
