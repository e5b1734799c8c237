import type { ErrorCode } from '#proto';
import { AuthorizationError } from '../errors.ts';

/**
 * State of an authorization in the books of one region. `accepted` exists only at the acceptor: it has signed and
 * awaits the receipt of its acceptance. Who suspended is part of the state, since only that region may resume.
 */
export const AUTHORIZATION_STATES = [
  'draft',
  'proposed',
  'accepted',
  'active',
  'suspended-by-proposer',
  'suspended-by-acceptor',
  'suspended-by-both',
  'expired',
  'countered',
  'superseded',
  'revoked',
  'revoked-for-cause',
] as const;
export type AuthorizationState = (typeof AUTHORIZATION_STATES)[number];

/** Who causes an event: one of the two regions, or time. */
export const AUTHORIZATION_ACTORS = ['proposer', 'acceptor', 'clock'] as const;
export type AuthorizationActor = (typeof AUTHORIZATION_ACTORS)[number];

/**
 * What can happen to an authorization.
 *
 * - `propose`: the proposer signs and sends it; `proposal-failed`: the proposal expired or was rejected.
 * - `counter`: the other region answers with a proposal of its own; `counter-failed`: that one expired or was rejected.
 * - `accept`: the acceptor signs, in its own books; `acceptance-received`: the proposer processed that acceptance.
 * - `acceptance-receipted`: the proposer's receipt reached the acceptor; `acceptance-failed`: it was a rejection, or
 *   the acceptance expired.
 * - `suspend`, `resume`: a region stops new cases for a while, and lets them in again.
 * - `supersede`: a renewal (续签) takes its place. `expire`: `valid_until` passed.
 * - `revoke`: a region ends, declines or withdraws it; `revoke-for-cause`: open cases end with it.
 */
export const AUTHORIZATION_EVENTS = [
  'propose',
  'proposal-failed',
  'counter',
  'counter-failed',
  'accept',
  'acceptance-received',
  'acceptance-receipted',
  'acceptance-failed',
  'suspend',
  'resume',
  'supersede',
  'expire',
  'revoke',
  'revoke-for-cause',
] as const;
export type AuthorizationEvent = (typeof AUTHORIZATION_EVENTS)[number];

interface Transition {
  readonly from: readonly AuthorizationState[];
  readonly event: AuthorizationEvent;
  readonly by: readonly AuthorizationActor[];
  readonly to: AuthorizationState;
}

const EITHER = ['proposer', 'acceptor'] as const;
const IN_FORCE = ['active', 'suspended-by-proposer', 'suspended-by-acceptor', 'suspended-by-both'] as const;
const LIVE = ['proposed', 'accepted', ...IN_FORCE] as const;

/** The life of an authorization (相互授权). What is not in the table does not happen. */
export const AUTHORIZATION_TRANSITIONS: readonly Transition[] = [
  { from: ['draft'], event: 'propose', by: ['proposer'], to: 'proposed' },
  { from: ['proposed'], event: 'proposal-failed', by: ['acceptor', 'clock'], to: 'draft' },
  { from: ['proposed'], event: 'counter', by: ['acceptor'], to: 'countered' },
  { from: ['countered'], event: 'counter-failed', by: ['proposer', 'clock'], to: 'proposed' },
  { from: ['proposed'], event: 'accept', by: ['acceptor'], to: 'accepted' },
  { from: ['proposed'], event: 'acceptance-received', by: ['acceptor'], to: 'active' },
  { from: ['accepted'], event: 'acceptance-receipted', by: ['proposer'], to: 'active' },
  { from: ['accepted'], event: 'acceptance-failed', by: ['proposer', 'clock'], to: 'proposed' },
  { from: ['active'], event: 'suspend', by: ['proposer'], to: 'suspended-by-proposer' },
  { from: ['active'], event: 'suspend', by: ['acceptor'], to: 'suspended-by-acceptor' },
  { from: ['suspended-by-acceptor'], event: 'suspend', by: ['proposer'], to: 'suspended-by-both' },
  { from: ['suspended-by-proposer'], event: 'suspend', by: ['acceptor'], to: 'suspended-by-both' },
  { from: ['suspended-by-proposer'], event: 'resume', by: ['proposer'], to: 'active' },
  { from: ['suspended-by-acceptor'], event: 'resume', by: ['acceptor'], to: 'active' },
  { from: ['suspended-by-both'], event: 'resume', by: ['proposer'], to: 'suspended-by-acceptor' },
  { from: ['suspended-by-both'], event: 'resume', by: ['acceptor'], to: 'suspended-by-proposer' },
  { from: IN_FORCE, event: 'supersede', by: ['clock'], to: 'superseded' },
  { from: LIVE, event: 'expire', by: ['clock'], to: 'expired' },
  { from: LIVE, event: 'revoke', by: EITHER, to: 'revoked' },
  // What has ended may still carry open cases, which only a revocation for cause stops.
  {
    from: [...LIVE, 'expired', 'superseded', 'revoked'],
    event: 'revoke-for-cause',
    by: EITHER,
    to: 'revoked-for-cause',
  },
];

/**
 * The ways to end, the weakest first. Two ends that cross on their way leave the stronger one on both sides; without
 * such an order the books of the two regions would differ for ever.
 */
const ENDS = ['expired', 'countered', 'superseded', 'revoked', 'revoked-for-cause'] as const;

/** The end that an event leads to, whatever the state before. */
const END_OF: Partial<Record<AuthorizationEvent, (typeof ENDS)[number]>> = {
  expire: 'expired',
  counter: 'countered',
  supersede: 'superseded',
  revoke: 'revoked',
  'revoke-for-cause': 'revoked-for-cause',
};

/** What messages an authorization lets through in a state. */
interface Use {
  /**
   * What needs it in force: a new case, a question about a certificate. `until-its-end`: what was sent before the end,
   * which both regions knew in advance.
   */
  readonly opening: 'yes' | 'until-its-end' | ErrorCode;
  /** What goes on in a case that began under it. */
  readonly open: 'yes' | ErrorCode;
}

const never: Use = { opening: 'AUTHORIZATION_INACTIVE', open: 'AUTHORIZATION_INACTIVE' };
const pending: Use = { opening: 'AUTHORIZATION_PENDING', open: 'AUTHORIZATION_PENDING' };
const suspended: Use = { opening: 'AUTHORIZATION_SUSPENDED', open: 'yes' };
const ranOut: Use = { opening: 'until-its-end', open: 'yes' };

/** The use that each state allows. Open cases finish under the terms that they began with, unless revoked for cause. */
export const AUTHORIZATION_USE: Readonly<Record<AuthorizationState, Use>> = {
  draft: never,
  proposed: never,
  accepted: pending,
  active: { opening: 'yes', open: 'yes' },
  'suspended-by-proposer': suspended,
  'suspended-by-acceptor': suspended,
  'suspended-by-both': suspended,
  expired: ranOut,
  countered: never,
  superseded: ranOut,
  revoked: { opening: 'AUTHORIZATION_INACTIVE', open: 'yes' },
  'revoked-for-cause': never,
};

/** A state in the word that people read: who suspended, and whether for cause, stand elsewhere. */
export const AUTHORIZATION_WORDS = [
  'draft',
  'proposed',
  'accepted',
  'active',
  'suspended',
  'expired',
  'countered',
  'superseded',
  'revoked',
] as const;
export type AuthorizationWord = (typeof AUTHORIZATION_WORDS)[number];

const byEvent = new Map(
  AUTHORIZATION_TRANSITIONS.flatMap(({ from, event, by, to }) =>
    from.flatMap((state) => by.map((actor) => [keyOf(state, event, actor), to] as const)),
  ),
);

/**
 * The state that an event leads to, when a region acts in its own books.
 *
 * @throws AuthorizationError AUTHORIZATION_INACTIVE when the authorization has ended, CONFLICT when the event cannot
 *   happen in this state or not be caused by this actor
 */
export function nextState(
  state: AuthorizationState,
  event: AuthorizationEvent,
  by: AuthorizationActor,
): AuthorizationState {
  const next = byEvent.get(keyOf(state, event, by));
  if (next) return next;
  if (hasEnded(state)) throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${wordOf(state)}`);
  throw new AuthorizationError('CONFLICT', `${event} by ${by} is not possible while the authorization is ${state}`);
}

/**
 * The state after an event of the other region, or of time, whose news may cross ours: what comes after an end changes
 * nothing, unless it is a stronger end.
 *
 * @throws AuthorizationError AUTHORIZATION_PENDING while we await the receipt that must come first (a deferral),
 *   AUTHORIZATION_INACTIVE when no crossing explains the event
 */
export function stateAfterNews(
  state: AuthorizationState,
  event: AuthorizationEvent,
  by: AuthorizationActor,
): AuthorizationState {
  const next = byEvent.get(keyOf(state, event, by));
  if (next) return next;
  if (hasEnded(state)) {
    const end = END_OF[event];
    return end && rank(end) > rank(state) ? end : state;
  }
  if (state === 'accepted') throw new AuthorizationError('AUTHORIZATION_PENDING');
  throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${wordOf(state)}`);
}

/**
 * Demands that a message may pass under an authorization in this state.
 *
 * @param beforeEnd whether the message was sent before the authorization ran out or was replaced
 * @throws AuthorizationError AUTHORIZATION_PENDING at the acceptor until the receipt of its acceptance (the other region
 *   may rightly use it by then, so the message is to come again), AUTHORIZATION_SUSPENDED, AUTHORIZATION_INACTIVE
 */
export function demandUse(state: AuthorizationState, kind: keyof Use, beforeEnd: boolean): void {
  const use = AUTHORIZATION_USE[state][kind];
  if (use === 'yes' || (use === 'until-its-end' && beforeEnd)) return;
  const code = use === 'until-its-end' ? 'AUTHORIZATION_INACTIVE' : use;
  throw new AuthorizationError(code, `the authorization is ${wordOf(state)}`);
}

/** Whether nothing but a stronger end can happen to it any more. */
export function hasEnded(state: AuthorizationState): boolean {
  return rank(state) >= 0;
}

/** The word for a state. */
export function wordOf(state: AuthorizationState): AuthorizationWord {
  return AUTHORIZATION_WORDS.find((word) => state === word || state.startsWith(`${word}-`))!;
}

function rank(state: AuthorizationState): number {
  return (ENDS as readonly AuthorizationState[]).indexOf(state);
}

function keyOf(state: AuthorizationState, event: AuthorizationEvent, by: AuthorizationActor): string {
  return `${state} ${event} ${by}`;
}
