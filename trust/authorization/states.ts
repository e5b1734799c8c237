import { AuthorizationError } from '../errors.ts';

/**
 * State of an authorization in the books of one region. `accepted` exists only at the acceptor: it has signed and
 * awaits the receipt of its acceptance.
 */
export const AUTHORIZATION_STATES = [
  'draft',
  'proposed',
  'accepted',
  'active',
  'suspended',
  'expired',
  'revoked',
] as const;
export type AuthorizationState = (typeof AUTHORIZATION_STATES)[number];

/** Who causes an event: one of the two regions, or time. */
export const AUTHORIZATION_ACTORS = ['proposer', 'acceptor', 'clock'] as const;
export type AuthorizationActor = (typeof AUTHORIZATION_ACTORS)[number];

/**
 * What can happen to an authorization.
 *
 * - `propose`: the proposer signs and sends it; `proposal-failed`: the proposal expired or was rejected.
 * - `accept`: the acceptor signs, in its own books; `acceptance-received`: the proposer processed that acceptance.
 * - `acceptance-receipted`: the proposer's receipt reached the acceptor; `acceptance-failed`: it was a rejection, or
 *   the acceptance expired.
 * - `suspend`, `resume`: a region stops using it for a while. `revoke`: a region ends, declines or withdraws it.
 * - `expire`: `valid_until` passed.
 */
export const AUTHORIZATION_EVENTS = [
  'propose',
  'proposal-failed',
  'accept',
  'acceptance-received',
  'acceptance-receipted',
  'acceptance-failed',
  'suspend',
  'resume',
  'revoke',
  'expire',
] as const;
export type AuthorizationEvent = (typeof AUTHORIZATION_EVENTS)[number];

interface Transition {
  readonly from: readonly AuthorizationState[];
  readonly event: AuthorizationEvent;
  readonly by: readonly AuthorizationActor[];
  readonly to: AuthorizationState;
}

const EITHER = ['proposer', 'acceptor'] as const;
const LIVE = ['proposed', 'accepted', 'active', 'suspended'] as const;

/** The life of an authorization (相互授权). What is not in the table does not happen. */
export const AUTHORIZATION_TRANSITIONS: readonly Transition[] = [
  { from: ['draft'], event: 'propose', by: ['proposer'], to: 'proposed' },
  { from: ['proposed'], event: 'proposal-failed', by: ['acceptor', 'clock'], to: 'draft' },
  { from: ['proposed'], event: 'accept', by: ['acceptor'], to: 'accepted' },
  { from: ['proposed'], event: 'acceptance-received', by: ['acceptor'], to: 'active' },
  { from: ['accepted'], event: 'acceptance-receipted', by: ['proposer'], to: 'active' },
  { from: ['accepted'], event: 'acceptance-failed', by: ['proposer', 'clock'], to: 'proposed' },
  { from: ['active'], event: 'suspend', by: EITHER, to: 'suspended' },
  { from: ['suspended'], event: 'resume', by: EITHER, to: 'active' },
  { from: LIVE, event: 'revoke', by: EITHER, to: 'revoked' },
  { from: LIVE, event: 'expire', by: ['clock'], to: 'expired' },
];

const ENDED: readonly AuthorizationState[] = ['expired', 'revoked'];

const byEvent = new Map(
  AUTHORIZATION_TRANSITIONS.flatMap(({ from, event, by, to }) =>
    from.flatMap((state) => by.map((actor) => [keyOf(state, event, actor), to] as const)),
  ),
);

/**
 * The state that an event leads to.
 *
 * @throws AuthorizationError AUTHORIZATION_INACTIVE when the authorization has ended for ever, CONFLICT when the event
 *   cannot happen in this state or not be caused by this actor
 */
export function nextState(
  state: AuthorizationState,
  event: AuthorizationEvent,
  by: AuthorizationActor,
): AuthorizationState {
  const next = byEvent.get(keyOf(state, event, by));
  if (next) return next;
  if (ENDED.includes(state)) throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${state}`);
  throw new AuthorizationError('CONFLICT', `${event} by ${by} is not possible while the authorization is ${state}`);
}

/**
 * Demands that messages may be sent and received under an authorization in this state.
 *
 * @throws AuthorizationError AUTHORIZATION_PENDING at the acceptor until the receipt of its acceptance (the other region
 *   may rightly use it by then, so the message is to come again), AUTHORIZATION_INACTIVE in every other state but active
 */
export function demandActive(state: AuthorizationState): void {
  if (state === 'active') return;
  if (state === 'accepted') throw new AuthorizationError('AUTHORIZATION_PENDING');
  throw new AuthorizationError('AUTHORIZATION_INACTIVE', `the authorization is ${state}`);
}

function keyOf(state: AuthorizationState, event: AuthorizationEvent, by: AuthorizationActor): string {
  return `${state} ${event} ${by}`;
}
