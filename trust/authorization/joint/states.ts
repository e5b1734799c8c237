import { AuthorizationError } from '../../errors.ts';

/**
 * State of a joint-handling agreement in the books of one region. `signed` exists only at a party other than the lead: it
 * has signed and awaits the complete document. `complete` exists only at the lead: all have signed, and not all have
 * acknowledged the complete document yet. `expired` is what `active` is seen as after `valid_until`.
 */
export const JOINT_STATES = ['proposed', 'signed', 'complete', 'active', 'ended', 'expired'] as const;
export type JointState = (typeof JOINT_STATES)[number];

/** Whose books they are: of the lead region (牵头地区) or of another party. */
export const JOINT_ROLES = ['lead', 'party'] as const;
export type JointRole = (typeof JOINT_ROLES)[number];

/**
 * What can happen to a joint-handling agreement.
 *
 * - `sign`: our operator signs; `signature-failed`: the lead did not take the signature, or it expired.
 * - `all-signed`: the last signature reached the lead. `concluded`: the complete document reached a party.
 * - `all-acknowledged`: every party's receipt of the complete document reached the lead.
 * - `end`: a party ends it, or a stronger ending than the one that holds becomes known. `expire`: `valid_until` passed.
 */
export const JOINT_EVENTS = [
  'sign',
  'signature-failed',
  'all-signed',
  'concluded',
  'all-acknowledged',
  'end',
  'expire',
] as const;
export type JointEvent = (typeof JOINT_EVENTS)[number];

interface Transition {
  readonly from: readonly JointState[];
  readonly event: JointEvent;
  readonly in: readonly JointRole[];
  readonly to: JointState;
}

/** The life of a joint-handling agreement (多地联办协议). What is not in the table does not happen. */
const TRANSITIONS: readonly Transition[] = [
  { from: ['proposed'], event: 'sign', in: ['party'], to: 'signed' },
  { from: ['signed'], event: 'signature-failed', in: ['party'], to: 'proposed' },
  { from: ['proposed'], event: 'all-signed', in: ['lead'], to: 'complete' },
  { from: ['signed'], event: 'concluded', in: ['party'], to: 'active' },
  { from: ['complete'], event: 'all-acknowledged', in: ['lead'], to: 'active' },
  {
    from: ['proposed', 'signed', 'complete', 'active', 'ended', 'expired'],
    event: 'end',
    in: JOINT_ROLES,
    to: 'ended',
  },
  { from: ['proposed', 'signed', 'complete', 'active'], event: 'expire', in: ['lead', 'party'], to: 'expired' },
];

const byEvent = new Map(
  TRANSITIONS.flatMap(({ from, event, in: roles, to }) =>
    from.flatMap((state) => roles.map((role) => [keyOf(state, event, role), to] as const)),
  ),
);

/**
 * The state that an event leads to.
 *
 * @throws AuthorizationError JOINT_INACTIVE when the agreement has ended, CONFLICT when the event cannot happen in this
 *   state or not in these books
 */
export function nextJointState(state: JointState, event: JointEvent, role: JointRole): JointState {
  const next = byEvent.get(keyOf(state, event, role));
  if (next) return next;
  if (state === 'ended' || state === 'expired') {
    throw new AuthorizationError('JOINT_INACTIVE', `the joint agreement is ${state}`);
  }
  throw new AuthorizationError(
    'CONFLICT',
    `${event} is not possible for the ${role} while the joint agreement is ${state}`,
  );
}

function keyOf(state: JointState, event: JointEvent, role: JointRole): string {
  return `${state} ${event} ${role}`;
}
