import { describe, expect, it } from 'vitest';
import {
  JOINT_EVENTS,
  JOINT_ROLES,
  JOINT_STATES,
  type JointEvent,
  type JointRole,
  type JointState,
  nextJointState,
} from './states.ts';

/** Every change that is possible, written out: state, event, whose books, new state. */
const POSSIBLE: Record<string, JointState> = {
  'proposed sign party': 'signed',
  'proposed all-signed lead': 'complete',
  'proposed end lead': 'ended',
  'proposed end party': 'ended',
  'proposed expire lead': 'expired',
  'proposed expire party': 'expired',
  'signed signature-failed party': 'proposed',
  'signed concluded party': 'active',
  'signed end lead': 'ended',
  'signed end party': 'ended',
  'signed expire lead': 'expired',
  'signed expire party': 'expired',
  'complete all-acknowledged lead': 'active',
  'complete end lead': 'ended',
  'complete end party': 'ended',
  'complete expire lead': 'expired',
  'complete expire party': 'expired',
  'active end lead': 'ended',
  'active end party': 'ended',
  'active expire lead': 'expired',
  'active expire party': 'expired',
  'expired end lead': 'ended',
  'expired end party': 'ended',
  'ended end lead': 'ended',
  'ended end party': 'ended',
};

const COMBINATIONS = JOINT_STATES.flatMap((state) =>
  JOINT_EVENTS.flatMap((event) => JOINT_ROLES.map((role) => [state, event, role] as const)),
);

describe('the life of a joint agreement', () => {
  it.each(COMBINATIONS)('from %s, %s in the books of the %s', (state, event, role) => {
    const expected = POSSIBLE[`${state} ${event} ${role}`];
    if (expected) return expect(nextJointState(state, event, role)).toBe(expected);
    const code = state === 'ended' || state === 'expired' ? 'JOINT_INACTIVE' : 'CONFLICT';
    expect(() => nextJointState(state, event, role)).toThrow(expect.objectContaining({ code }));
  });

  it('comes into force by the way of each book, and by no shorter one', () => {
    const walk = (role: JointRole, ...events: JointEvent[]) =>
      events.reduce<JointState>((state, event) => nextJointState(state, event, role), 'proposed');
    expect(walk('lead', 'all-signed', 'all-acknowledged')).toBe('active');
    expect(walk('party', 'sign', 'concluded')).toBe('active');
    expect(walk('party', 'sign', 'signature-failed', 'sign', 'concluded')).toBe('active');
    expect(() => walk('lead', 'all-acknowledged')).toThrow();
    expect(() => walk('party', 'concluded')).toThrow();
    expect(() => walk('lead', 'sign')).toThrow();
  });

  it('never comes back from its end', () => {
    for (const event of JOINT_EVENTS.filter((one) => one !== 'end'))
      for (const role of JOINT_ROLES) expect(() => nextJointState('ended', event, role)).toThrow();
  });
});
