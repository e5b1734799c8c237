import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { act, answer, hear, type ReceivingView } from './receiving-view.ts';
import { allowedEvents, apply, EVENTS, type Event, type Row, rows, type State } from './transitions.ts';

type Outcome = 'accepted' | 'rejected';

/** Two regions and everything underway between them: messages each way, and receipts on a stream of their own. */
interface World {
  readonly receiving: ReceivingView;
  readonly handling: State;
  readonly requests: readonly Event[];
  readonly messages: readonly Event[];
  readonly receipts: readonly Outcome[];
}

const start: World = {
  receiving: { state: 'draft' },
  handling: 'none',
  requests: [],
  messages: [],
  receipts: [],
};
const events = Object.keys(EVENTS) as Event[];

/** Runs a step; undefined when the table refuses it. Any other failure is a bug. */
function unlessIllegal<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ILLEGAL_TRANSITION') return undefined;
    throw error;
  }
}

/** Every step: the next world, or the same one where the attempt is refused. `used` collects the rows that moved it. */
const steps = {
  receivingActs(world: World, event: Event, used: Set<Row>): World {
    const change = unlessIllegal(() => act(world.receiving, event));
    if (!change) return world;
    for (const row of change.applied) used.add(row);
    const requests = change.view.pending ? [...world.requests, event] : world.requests;
    return { ...world, receiving: change.view, requests };
  },

  handlingActs(world: World, event: Event, used: Set<Row>): World {
    const transition = unlessIllegal(() => apply(world.handling, event, 'handling', 'handling'));
    if (!transition) return world;
    used.add(transition.row);
    return { ...world, handling: transition.to, messages: [...world.messages, event] };
  },

  /** The handling region may also reject a request for reasons outside the table, such as a missing right. */
  requestArrives(world: World, permitted: boolean, used: Set<Row>): World {
    const [event, ...requests] = world.requests;
    if (!event) return world;
    const transition = permitted
      ? unlessIllegal(() => apply(world.handling, event, 'receiving', 'handling'))
      : undefined;
    if (!transition) return { ...world, requests, receipts: [...world.receipts, 'rejected'] };
    used.add(transition.row);
    return { ...world, requests, handling: transition.to, receipts: [...world.receipts, 'accepted'] };
  },

  /** Not guarded: a message of the handling region that is refused fails the test. */
  messageArrives(world: World, used: Set<Row>): World {
    const [event, ...messages] = world.messages;
    if (!event) return world;
    const change = hear(world.receiving, event);
    for (const row of change.applied) used.add(row);
    return { ...world, messages, receiving: change.view };
  },

  receiptArrives(world: World, used: Set<Row>): World {
    const [outcome, ...receipts] = world.receipts;
    if (!outcome) return world;
    const change = answer(world.receiving, outcome);
    for (const row of change.applied) used.add(row);
    return { ...world, receipts, receiving: change.view };
  },
};

const underway = (world: World) => world.requests.length + world.messages.length + world.receipts.length;

function expectAgreement(world: World): void {
  expect(world.receiving.pending).toBeUndefined();
  const atTheWindow = ['draft', 'returned', 'received'].includes(world.receiving.state);
  expect(world.handling).toBe(atTheWindow ? 'none' : world.receiving.state);
}

type Attempt = (world: World, used: Set<Row>) => World;

/** A legal act of the side in most cases, since blind attempts seldom get past the window; any event otherwise. */
const chosen = (state: State, role: 'receiving' | 'handling', pick: number): Event => {
  const allowed = pick % 5 === 0 ? events : allowedEvents(state, role);
  return (allowed.length > 0 ? allowed : events).at(pick % (allowed.length || events.length)) ?? 'transfer';
};

const arrivals = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map(
    (n): Attempt =>
      (world, used) =>
        steps.requestArrives(world, n > 0, used),
  ),
  fc.constant<Attempt>(steps.messageArrives),
  fc.constant<Attempt>(steps.receiptArrives),
);
const acts = fc.oneof(
  fc.nat(9999).map((pick): Attempt => {
    return (world, used) => steps.receivingActs(world, chosen(world.receiving.state, 'receiving', pick), used);
  }),
  fc.nat(9999).map((pick): Attempt => {
    return (world, used) => steps.handlingActs(world, chosen(world.handling, 'handling', pick), used);
  }),
);

describe('two regions with one case', () => {
  it('agree, with nothing pending, once all messages and receipts of any random history have arrived', () => {
    const history = fc.array(fc.oneof(acts, arrivals), { minLength: 10, maxLength: 80, size: 'max' });
    const drain = fc.infiniteStream(arrivals);
    fc.assert(
      fc.property(history, drain, (attempts, order) => {
        const used = new Set<Row>();
        let world = start;
        for (const attempt of attempts) world = attempt(world, used);
        while (underway(world) > 0) world = order.next().value(world, used);
        expectAgreement(world);
      }),
      { numRuns: 3000 },
    );
  });

  it('agree after every history with at most four messages underway, and each row of the table is needed', () => {
    const used = new Set<Row>();
    const seen = new Map<string, World>([[JSON.stringify(start), start]]);
    for (const world of seen.values()) {
      if (underway(world) === 0) expectAgreement(world);
      const next = [
        steps.requestArrives(world, true, used),
        steps.requestArrives(world, false, used),
        steps.messageArrives(world, used),
        steps.receiptArrives(world, used),
      ];
      if (underway(world) < 4)
        for (const event of events)
          next.push(steps.receivingActs(world, event, used), steps.handlingActs(world, event, used));
      for (const reached of next) seen.set(JSON.stringify(reached), reached);
    }
    expect(seen.size).toBeGreaterThan(500);
    expect(rows.filter((row) => !used.has(row))).toEqual([]);
  });
});
