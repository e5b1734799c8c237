import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUTHORIZATION_ACTORS,
  AUTHORIZATION_EVENTS,
  AUTHORIZATION_STATES,
  AUTHORIZATION_TRANSITIONS,
  AUTHORIZATION_USE,
  type AuthorizationActor,
  type AuthorizationEvent,
  type AuthorizationState,
  demandUse,
  hasEnded,
  nextState,
  stateAfterNews,
  wordOf,
} from './states.ts';

/** Every change that is possible, written out: state, event, actor, new state. */
const POSSIBLE: Record<string, AuthorizationState> = {
  'draft propose proposer': 'proposed',
  'proposed proposal-failed acceptor': 'draft',
  'proposed proposal-failed clock': 'draft',
  'proposed counter acceptor': 'countered',
  'countered counter-failed proposer': 'proposed',
  'countered counter-failed clock': 'proposed',
  'proposed accept acceptor': 'accepted',
  'proposed acceptance-received acceptor': 'active',
  'proposed revoke proposer': 'revoked',
  'proposed revoke acceptor': 'revoked',
  'proposed revoke-for-cause proposer': 'revoked-for-cause',
  'proposed revoke-for-cause acceptor': 'revoked-for-cause',
  'proposed expire clock': 'expired',
  'accepted acceptance-receipted proposer': 'active',
  'accepted acceptance-failed proposer': 'proposed',
  'accepted acceptance-failed clock': 'proposed',
  'accepted revoke proposer': 'revoked',
  'accepted revoke acceptor': 'revoked',
  'accepted revoke-for-cause proposer': 'revoked-for-cause',
  'accepted revoke-for-cause acceptor': 'revoked-for-cause',
  'accepted expire clock': 'expired',
  'active suspend proposer': 'suspended-by-proposer',
  'active suspend acceptor': 'suspended-by-acceptor',
  'active supersede clock': 'superseded',
  'active revoke proposer': 'revoked',
  'active revoke acceptor': 'revoked',
  'active revoke-for-cause proposer': 'revoked-for-cause',
  'active revoke-for-cause acceptor': 'revoked-for-cause',
  'active expire clock': 'expired',
  'suspended-by-proposer suspend acceptor': 'suspended-by-both',
  'suspended-by-proposer resume proposer': 'active',
  'suspended-by-proposer supersede clock': 'superseded',
  'suspended-by-proposer revoke proposer': 'revoked',
  'suspended-by-proposer revoke acceptor': 'revoked',
  'suspended-by-proposer revoke-for-cause proposer': 'revoked-for-cause',
  'suspended-by-proposer revoke-for-cause acceptor': 'revoked-for-cause',
  'suspended-by-proposer expire clock': 'expired',
  'suspended-by-acceptor suspend proposer': 'suspended-by-both',
  'suspended-by-acceptor resume acceptor': 'active',
  'suspended-by-acceptor supersede clock': 'superseded',
  'suspended-by-acceptor revoke proposer': 'revoked',
  'suspended-by-acceptor revoke acceptor': 'revoked',
  'suspended-by-acceptor revoke-for-cause proposer': 'revoked-for-cause',
  'suspended-by-acceptor revoke-for-cause acceptor': 'revoked-for-cause',
  'suspended-by-acceptor expire clock': 'expired',
  'suspended-by-both resume proposer': 'suspended-by-acceptor',
  'suspended-by-both resume acceptor': 'suspended-by-proposer',
  'suspended-by-both supersede clock': 'superseded',
  'suspended-by-both revoke proposer': 'revoked',
  'suspended-by-both revoke acceptor': 'revoked',
  'suspended-by-both revoke-for-cause proposer': 'revoked-for-cause',
  'suspended-by-both revoke-for-cause acceptor': 'revoked-for-cause',
  'suspended-by-both expire clock': 'expired',
  'expired revoke-for-cause proposer': 'revoked-for-cause',
  'expired revoke-for-cause acceptor': 'revoked-for-cause',
  'superseded revoke-for-cause proposer': 'revoked-for-cause',
  'superseded revoke-for-cause acceptor': 'revoked-for-cause',
  'revoked revoke-for-cause proposer': 'revoked-for-cause',
  'revoked revoke-for-cause acceptor': 'revoked-for-cause',
};

const ENDED = ['expired', 'countered', 'superseded', 'revoked', 'revoked-for-cause'];

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
    const code = ENDED.includes(state) ? 'AUTHORIZATION_INACTIVE' : 'CONFLICT';
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

  it('shows each state as a word, and says which are for ever', () => {
    expect(AUTHORIZATION_STATES.filter(hasEnded)).toEqual(ENDED);
    expect(Object.fromEntries(AUTHORIZATION_STATES.map((state) => [state, wordOf(state)]))).toMatchObject({
      active: 'active',
      'suspended-by-proposer': 'suspended',
      'suspended-by-both': 'suspended',
      revoked: 'revoked',
      'revoked-for-cause': 'revoked',
    });
  });
});

describe('news that crosses ours', () => {
  it.each(COMBINATIONS)('at %s, %s by %s', (state, event, actor) => {
    const expected = POSSIBLE[`${state} ${event} ${actor}`];
    if (expected) return expect(stateAfterNews(state, event, actor)).toBe(expected);
    if (ENDED.includes(state)) {
      const after = stateAfterNews(state, event, actor);
      return expect(ENDED.indexOf(after)).toBeGreaterThanOrEqual(ENDED.indexOf(state));
    }
    const code = state === 'accepted' ? 'AUTHORIZATION_PENDING' : 'AUTHORIZATION_INACTIVE';
    expect(() => stateAfterNews(state, event, actor)).toThrow(expect.objectContaining({ code }));
  });

  it('leaves the stronger end, in whatever order two ends come', () => {
    const ends: [AuthorizationEvent, AuthorizationActor][] = [
      ['expire', 'clock'],
      ['supersede', 'clock'],
      ['revoke', 'proposer'],
      ['revoke', 'acceptor'],
      ['revoke-for-cause', 'acceptor'],
    ];
    for (const one of ends) {
      for (const other of ends) {
        const first = stateAfterNews(stateAfterNews('active', ...one), ...other);
        expect(stateAfterNews(stateAfterNews('active', ...other), ...one)).toBe(first);
      }
    }
  });
});

describe('what a state lets through', () => {
  it.each(AUTHORIZATION_STATES)('judges %s', (state) => {
    for (const kind of ['opening', 'open'] as const) {
      for (const beforeEnd of [true, false]) {
        const use = AUTHORIZATION_USE[state][kind];
        const passes = use === 'yes' || (use === 'until-its-end' && beforeEnd);
        if (passes) expect(() => demandUse(state, kind, beforeEnd)).not.toThrow();
        else {
          const code = use === 'until-its-end' ? 'AUTHORIZATION_INACTIVE' : use;
          expect(() => demandUse(state, kind, beforeEnd)).toThrow(expect.objectContaining({ code }));
        }
      }
    }
  });

  it('lets open cases finish in every state that can follow one in force, unless it was revoked for cause', () => {
    const after = new Set<AuthorizationState>(['active']);
    for (const state of after) {
      for (const event of AUTHORIZATION_EVENTS) {
        for (const actor of AUTHORIZATION_ACTORS) {
          const next = POSSIBLE[`${state} ${event} ${actor}`];
          if (next) after.add(next);
        }
      }
    }
    expect([...after].filter((state) => AUTHORIZATION_USE[state].open !== 'yes')).toEqual(['revoked-for-cause']);
    expect([...after].filter((state) => AUTHORIZATION_USE[state].opening === 'yes')).toEqual(['active']);
  });
});

describe('docs/authorizations.md', () => {
  const rowsOf = async (columns: number) => {
    const page = await readFile(new URL('../../docs/authorizations.md', import.meta.url), 'utf8');
    const cells = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    return cells.filter(({ length }) => length === columns + 2).map((row) => row.slice(1, -1));
  };
  const isState = (word: string) => (AUTHORIZATION_STATES as readonly string[]).includes(word);

  it('shows exactly these transitions', async () => {
    const events = (await rowsOf(4)).filter(([, event]) =>
      (AUTHORIZATION_EVENTS as readonly string[]).includes(event!),
    );
    const table = AUTHORIZATION_TRANSITIONS.map(({ from, event, by, to }) => [
      from.join(', '),
      event,
      by.join(', '),
      to,
    ]);
    expect(events).toEqual(table);
  });

  it('shows what every state lets through', async () => {
    const shown = (await rowsOf(4)).flatMap(([states, , opening, open]) =>
      states!
        .split(', ')
        .filter((state) => isState(state) && !isState(open!))
        .map((state) => [state, { opening, open }]),
    );
    const code = (use: string) => (use.startsWith('AUTHORIZATION_') ? `\`${use}\`` : use);
    const table = Object.entries(AUTHORIZATION_USE).map(([state, use]) => [
      state,
      { opening: code(use.opening), open: code(use.open) },
    ]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(table));
  });
});

/** One region's books of one authorization, and what it has sent and not yet had decided. */
interface Books {
  readonly role: 'proposer' | 'acceptor';
  state: AuthorizationState;
  readonly sent: AuthorizationEvent[];
}

type Step =
  | { readonly do: 'act'; readonly side: 0 | 1; readonly event: AuthorizationEvent }
  | { readonly do: 'deliver'; readonly from: 0 | 1 }
  | { readonly do: 'time'; readonly side: 0 | 1; readonly event: 'expire' | 'supersede' };

const side = fc.constantFrom(0 as const, 1 as const);
const acts = ['accept', 'counter', 'suspend', 'resume', 'revoke', 'revoke-for-cause'] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      side,
      event: fc.constantFrom<AuthorizationEvent>(...acts),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), from: side }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      side,
      event: fc.constantFrom('expire' as const, 'supersede' as const),
    }),
  },
);

function attempt(change: () => void): void {
  try {
    change();
  } catch {
    // Not possible now.
  }
}

function act(books: Books, event: AuthorizationEvent): void {
  attempt(() => {
    books.state = nextState(books.state, event, books.role);
    books.sent.push(event);
  });
}

/** The oldest message of `from` is decided by `to`; its receipt settles it. @returns false when it is deferred */
function deliver(from: Books, to: Books): boolean {
  const [event] = from.sent;
  if (!event) return false;
  const news = event === 'accept' ? 'acceptance-received' : event;
  let rejected = false;
  try {
    const hasSigned = news === 'acceptance-received' && to.state !== 'proposed';
    if (hasSigned) throw new Error('it is not proposed any more');
    to.state = stateAfterNews(to.state, news, from.role);
  } catch (error) {
    if ((error as { code?: string }).code === 'AUTHORIZATION_PENDING') return false;
    rejected = true;
  }
  from.sent.shift();
  if (event === 'accept' && from.state === 'accepted') {
    from.state = nextState(from.state, rejected ? 'acceptance-failed' : 'acceptance-receipted', 'proposer');
  }
  if (event === 'counter' && rejected && from.state === 'countered') {
    from.state = nextState(from.state, 'counter-failed', 'proposer');
  }
  return true;
}

describe('the books of the two regions', () => {
  it('are the same once everything has arrived and the same time has passed, whatever crossed', () => {
    const reached = new Set<AuthorizationState>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), fc.boolean(), (steps, renewed) => {
        const books: [Books, Books] = [
          { role: 'proposer', state: 'proposed', sent: [] },
          { role: 'acceptor', state: 'proposed', sent: [] },
        ];
        const passed = new Set<AuthorizationEvent>();
        const pass = (one: Books, event: AuthorizationEvent) => {
          passed.add(event);
          attempt(() => {
            one.state = stateAfterNews(one.state, event, 'clock');
          });
        };
        for (const one of steps) {
          if (one.do === 'act') act(books[one.side], one.event);
          else if (one.do === 'deliver') deliver(books[one.from], books[one.from === 0 ? 1 : 0]);
          else if (one.event === 'expire' || renewed) {
            // A renewal is only of what was in force, and only what came into force can be renewed.
            if (one.event === 'supersede' && books.some(({ state }) => state === 'proposed' || state === 'accepted'))
              continue;
            pass(books[one.side], one.event);
          }
        }
        while (deliver(books[0], books[1]) || deliver(books[1], books[0])) {}
        for (const event of passed) for (const one of books) pass(one, event);
        expect(books.map(({ sent }) => sent)).toEqual([[], []]);
        expect(books[0].state).toBe(books[1].state);
        reached.add(books[0].state);
      }),
      // Both regions have it suspended at the end of one run in two thousand: so many runs that none is missed by chance.
      { numRuns: 50_000 },
    );
    expect([...reached].sort()).toEqual(
      AUTHORIZATION_STATES.filter((one) => one !== 'draft' && one !== 'accepted').sort(),
    );
  });
});
