import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUTHORIZATION_ACTORS,
  AUTHORIZATION_EVENTS,
  AUTHORIZATION_STATES,
  type AuthorizationActor,
  type AuthorizationEvent,
  type AuthorizationState,
  demandActive,
  nextState,
} from './states.ts';

/** Every change that is possible, written out: state, event, actor, new state. */
const POSSIBLE: Record<string, AuthorizationState> = {
  'draft propose proposer': 'proposed',
  'proposed proposal-failed acceptor': 'draft',
  'proposed proposal-failed clock': 'draft',
  'proposed accept acceptor': 'accepted',
  'proposed acceptance-received acceptor': 'active',
  'proposed revoke proposer': 'revoked',
  'proposed revoke acceptor': 'revoked',
  'proposed expire clock': 'expired',
  'accepted acceptance-receipted proposer': 'active',
  'accepted acceptance-failed proposer': 'proposed',
  'accepted acceptance-failed clock': 'proposed',
  'accepted revoke proposer': 'revoked',
  'accepted revoke acceptor': 'revoked',
  'accepted expire clock': 'expired',
  'active suspend proposer': 'suspended',
  'active suspend acceptor': 'suspended',
  'active revoke proposer': 'revoked',
  'active revoke acceptor': 'revoked',
  'active expire clock': 'expired',
  'suspended resume proposer': 'active',
  'suspended resume acceptor': 'active',
  'suspended revoke proposer': 'revoked',
  'suspended revoke acceptor': 'revoked',
  'suspended expire clock': 'expired',
};

const COMBINATIONS = AUTHORIZATION_STATES.flatMap((state) =>
  AUTHORIZATION_EVENTS.flatMap((event) => AUTHORIZATION_ACTORS.map((actor) => [state, event, actor] as const)),
);

describe('the life of an authorization', () => {
  it.each(COMBINATIONS)('from %s, %s by %s', (state, event, actor) => {
    const expected = POSSIBLE[`${state} ${event} ${actor}`];
    if (expected) {
      expect(nextState(state, event, actor)).toBe(expected);
      return;
    }
    const code = state === 'expired' || state === 'revoked' ? 'AUTHORIZATION_INACTIVE' : 'CONFLICT';
    expect(() => nextState(state, event, actor)).toThrow(expect.objectContaining({ code }));
  });

  it('becomes active on both sides by the ways of each', () => {
    const walk = (...steps: [AuthorizationEvent, AuthorizationActor][]) =>
      steps.reduce<AuthorizationState>((state, [event, actor]) => nextState(state, event, actor), 'draft');
    expect(walk(['propose', 'proposer'], ['acceptance-received', 'acceptor'])).toBe('active');
    expect(walk(['propose', 'proposer'], ['accept', 'acceptor'])).toBe('accepted');
    expect(walk(['propose', 'proposer'], ['accept', 'acceptor'], ['acceptance-receipted', 'proposer'])).toBe('active');
  });

  it('never becomes active without both regions, whatever happens', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom(...AUTHORIZATION_EVENTS), fc.constantFrom(...AUTHORIZATION_ACTORS)),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(steps, (tried) => {
        let state: AuthorizationState = 'draft';
        const acted = new Set<AuthorizationActor>();
        for (const [event, actor] of tried) {
          try {
            state = nextState(state, event, actor);
            acted.add(actor);
          } catch {
            // An impossible step changes nothing.
          }
        }
        if (state === 'active') expect([...acted]).toEqual(expect.arrayContaining(['proposer', 'acceptor']));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('demandActive', () => {
  it.each(AUTHORIZATION_STATES)('judges %s', (state) => {
    if (state === 'active') return expect(() => demandActive(state)).not.toThrow();
    const code = state === 'accepted' ? 'AUTHORIZATION_PENDING' : 'AUTHORIZATION_INACTIVE';
    expect(() => demandActive(state)).toThrow(expect.objectContaining({ code }));
  });
});
