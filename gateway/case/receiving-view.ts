import { CodedError } from '#proto';
import type { CaseHead } from './case-file.ts';
import { apply, type Event, type Machine, type Row, type State } from './transitions.ts';

/** An act of the receiving region that the handling region has not answered yet. */
interface Pending {
  readonly event: Event;
  /** A message of the handling region has already shown that the act was accepted; its receipt is still to come. */
  readonly settled: boolean;
}

/** A case as the receiving region (收件地) sees it: the state it knows of, and at most one act of its own underway. */
export interface ReceivingView {
  readonly state: State;
  readonly pending?: Pending;
}

/** The view that a case of the receiving region is kept as. */
export function viewOf({ state, pending }: Pick<CaseHead, 'state' | 'pending'>): ReceivingView {
  return pending ? { state, pending } : { state };
}

/** The new view, and the rows that were applied, in order; what a late row reports is recorded and changes nothing. */
export interface ViewChange {
  readonly view: ReceivingView;
  readonly applied: readonly Row[];
}

/**
 * The receiving region acts. Local events count at once; an event with a message is a request to the handling region:
 * the state stays, and the act is pending until its receipt.
 *
 * @throws CodedError ILLEGAL_TRANSITION when the state does not allow it or another act is pending
 */
export function act(machine: Machine, view: ReceivingView, event: Event): ViewChange {
  if (view.pending) {
    const { event: waiting } = view.pending;
    throw new CodedError(
      'ILLEGAL_TRANSITION',
      `"${event}" has to wait: "${waiting}" is not yet answered by the handling region, the case is "${view.state}"`,
    );
  }
  const { to, row } = apply(machine, view.state, event, 'receiving', 'receiving');
  if (row.message) return { view: { state: view.state, pending: { event, settled: false } }, applied: [] };
  return { view: { state: to }, applied: [row] };
}

/**
 * The final answer to the pending act. Accepted: it is applied, unless a message already showed that. Rejected, or
 * refused for good: it is dropped and the state stays (compensation).
 *
 * @throws CodedError ILLEGAL_TRANSITION when no act is pending, or it cannot have been accepted after what was heard
 */
export function answer(machine: Machine, view: ReceivingView, outcome: 'accepted' | 'rejected'): ViewChange {
  const { state, pending } = view;
  if (!pending) throw new CodedError('ILLEGAL_TRANSITION', `no act waits for an answer while the case is "${state}"`);
  if (outcome === 'rejected' || pending.settled) return { view: { state }, applied: [] };
  const { to, row } = apply(machine, state, pending.event, 'receiving', 'receiving', pending.event);
  return { view: { state: to }, applied: [row] };
}

/**
 * A message of the handling region arrives. The own pending act is never a reason to reject it: a message that is only
 * possible after that act proves its acceptance, so the act is applied first.
 *
 * @throws CodedError ILLEGAL_TRANSITION when the handling region cannot have done this
 */
export function hear(machine: Machine, view: ReceivingView, event: Event): ViewChange {
  const { state, pending } = view;
  const undecided = pending?.settled ? undefined : pending?.event;
  const { to, row, implied } = apply(machine, state, event, 'handling', 'receiving', undecided);
  if (!implied) return { view: { ...view, state: to }, applied: [row] };
  return { view: { state: to, pending: { event: implied.event, settled: true } }, applied: [implied, row] };
}
