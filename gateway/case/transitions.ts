import { CodedError, type PayloadName } from '#proto';

/** Part that a region has in a case: it takes the application in (收件地) or decides it (办理地). */
export type Role = 'receiving' | 'handling';

interface Label {
  readonly zh: string;
  readonly en: string;
}

/** States of an agency case (异地代收代办件). `none` is the handling region's view before the transfer arrives. */
export const STATES = {
  none: { zh: '尚无此件', en: 'no case yet' },
  draft: { zh: '待收件', en: 'at the window, not yet taken in' },
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
} as const satisfies Record<string, Label>;

export type State = keyof typeof STATES;

/** What can happen to a case, as buttons and histories show it. */
export const EVENTS = {
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
  deliver: { zh: '送达', en: 'deliver the result' },
  rate: { zh: '评价', en: 'rate' },
  withdraw: { zh: '撤回', en: 'withdraw' },
} as const satisfies Record<string, Label>;

export type Event = keyof typeof EVENTS;

/**
 * What an event does to the time limit (办结时限). Before acceptance `stop` and `resume` concern the limit for deciding
 * on acceptance, afterwards the promised one. `…-by-kind`: only if the kind of special procedure stops the clock.
 * `start-stopped`: the promised limit begins, but stands still until the supplement is in.
 */
export type ClockEffect = 'start' | 'start-stopped' | 'stop' | 'resume' | 'stop-by-kind' | 'resume-by-kind' | 'end';

/** One line of the state machine. */
export interface Row {
  readonly event: Event;
  readonly by: readonly Role[];
  readonly from: readonly State[];
  readonly to: State;
  /** Message that tells the other region; without one the event stays in the receiving region. */
  readonly message?: PayloadName;
  readonly clock?: ClockEffect;
  /** Step of the agency procedure. */
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

const R: readonly Role[] = ['receiving'];
const H: readonly Role[] = ['handling'];
const HR: readonly Role[] = ['handling', 'receiving'];
const WITHDRAWABLE: readonly State[] = [
  'transferred',
  'supplementing',
  'supplementing-accepted',
  'accepted',
  'special',
];

/** The state machine of an agency case (docs/case-states.md shows the same table). */
// biome-ignore format: a table is read in lines
export const rows: readonly Row[] = [
  { event: 'one-time-notice', by: R, from: ['draft'], to: 'returned', step: 'P3', needs: 'R2', view: 'receiving' },
  { event: 'retake', by: R, from: ['returned'], to: 'draft', step: 'P2', needs: 'R1a', view: 'receiving' },
  { event: 'receive', by: R, from: ['draft'], to: 'received', step: 'P4', needs: 'R1a', view: 'receiving' },
  { event: 'transfer', by: R, from: ['received'], to: 'transferred', message: 'CaseTransfer', step: 'P4', needs: 'R1a', view: 'receiving' },
  { event: 'transfer', by: R, from: ['none'], to: 'transferred', message: 'CaseTransfer', step: 'P4', needs: 'R1a', view: 'handling' },

  { event: 'accept', by: HR, from: ['transferred'], to: 'accepted', message: 'CaseAccepted', clock: 'start', step: 'P6', needs: 'R1b' },
  { event: 'refuse', by: HR, from: ['transferred'], to: 'refused', message: 'CaseRefused', clock: 'end', step: 'P6', needs: 'R1b' },
  { event: 'return', by: H, from: ['transferred'], to: 'sent-back', message: 'CaseReturned', clock: 'end', step: 'P14' },
  { event: 'request-supplement', by: HR, from: ['transferred'], to: 'supplementing', message: 'SupplementRequested', clock: 'stop', step: 'P6', needs: 'R1b' },
  { event: 'request-supplement', by: H, from: ['accepted'], to: 'supplementing-accepted', message: 'SupplementRequested', clock: 'stop', step: 'P6' },
  { event: 'submit-supplement', by: R, from: ['supplementing'], to: 'transferred', message: 'SupplementSubmitted', clock: 'resume', step: 'P6', needs: 'R1a' },
  { event: 'submit-supplement', by: R, from: ['supplementing-accepted'], to: 'accepted', message: 'SupplementSubmitted', clock: 'resume', step: 'P6', needs: 'R1a' },

  { event: 'start-special', by: H, from: ['accepted'], to: 'special', message: 'SpecialProcedureStarted', clock: 'stop-by-kind', step: 'P7a' },
  { event: 'end-special', by: H, from: ['special'], to: 'accepted', message: 'SpecialProcedureEnded', clock: 'resume-by-kind', step: 'P7a' },
  { event: 'approve', by: H, from: ['accepted'], to: 'approved', message: 'CaseDecided', clock: 'end', step: 'P7' },
  { event: 'deny', by: H, from: ['accepted'], to: 'denied', message: 'CaseDecided', clock: 'end', step: 'P7' },
  { event: 'issue', by: H, from: ['approved'], to: 'issued', message: 'ResultIssued', step: 'P9' },
  { event: 'deliver', by: HR, from: ['issued', 'denied'], to: 'delivered', message: 'ResultDelivered', step: 'P10', needs: 'R5' },
  { event: 'rate', by: R, from: ['delivered'], to: 'rated', message: 'CaseRated', step: 'P11', needs: 'R1a' },
  { event: 'withdraw', by: R, from: WITHDRAWABLE, to: 'withdrawn', message: 'WithdrawalRequested', clock: 'end', step: 'P1', needs: 'R1a' },

  { event: 'accept', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'CaseAccepted', step: 'P6', view: 'receiving', mark: 'late' },
  { event: 'request-supplement', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SupplementRequested', step: 'P6', view: 'receiving', mark: 'late' },
  { event: 'start-special', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SpecialProcedureStarted', step: 'P7a', view: 'receiving', mark: 'late' },
  { event: 'end-special', by: H, from: ['withdrawn'], to: 'withdrawn', message: 'SpecialProcedureEnded', step: 'P7a', view: 'receiving', mark: 'late' },
  { event: 'accept', by: R, from: ['supplementing'], to: 'supplementing-accepted', message: 'CaseAccepted', clock: 'start-stopped', step: 'P6', needs: 'R1b', view: 'receiving', mark: 'overtaken' },
];

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
export function apply(state: State, event: Event, by: Role, view: Role, pending?: Event): Transition {
  const row = find(state, event, by, view, pending);
  if (row) return { to: row.to, late: row.mark === 'late', row };
  const implied = pending && by === 'handling' && find(state, pending, 'receiving', view);
  const after = implied && find(implied.to, event, by, view);
  if (after && after.mark !== 'late') return { to: after.to, late: false, row: after, implied };
  throw illegal(state, event, by);
}

/** Events by which this region may act in this state, in the order of the table. The rights of its rows come on top. */
export function allowedEvents(state: State, role: Role): Event[] {
  const possible = rows.filter((row) => !row.mark && holds(row, state, role, role));
  return [...new Set(possible.map((row) => row.event))];
}

/** True if nobody can act on the case any more. */
export function isTerminal(state: State): boolean {
  return !rows.some((row) => !row.mark && row.from.includes(state));
}

/**
 * The event that a message of a case reports.
 *
 * @throws CodedError UNKNOWN_TYPE when the message is not part of a case, PAYLOAD_INVALID when a decision is neither
 *   approved nor denied
 */
export function eventOf(message: PayloadName, payload: object): Event {
  if (message === 'CaseDecided') return decisionEvent(payload);
  const row = rows.find((candidate) => candidate.message === message);
  if (!row) throw new CodedError('UNKNOWN_TYPE', `${message} is not a message of a case`);
  return row.event;
}

function decisionEvent(payload: object): Event {
  const decision = 'decision' in payload ? payload.decision : undefined;
  if (decision === 'approved') return 'approve';
  if (decision === 'denied') return 'deny';
  throw new CodedError('PAYLOAD_INVALID', 'a decision is either approved or denied', [
    { pointer: '/decision', code: 'NOT_IN_LIST', message: 'must be one of: approved, denied' },
  ]);
}

function find(state: State, event: Event, by: Role, view: Role, pending?: Event): Row | undefined {
  return rows.find(
    (row) => row.event === event && holds(row, state, by, view) && (row.mark !== 'overtaken' || pending === event),
  );
}

function holds(row: Row, state: State, by: Role, view: Role): boolean {
  return row.from.includes(state) && row.by.includes(by) && (row.view ?? view) === view;
}

function illegal(state: State, event: Event, by: Role): CodedError {
  const possible = allowedEvents(state, by);
  const instead = possible.length > 0 ? `it may: ${possible.join(', ')}` : 'it can do nothing in this state';
  return new CodedError(
    'ILLEGAL_TRANSITION',
    `the ${by} region cannot do "${event}" while the case is "${state}"; ${instead}`,
  );
}
