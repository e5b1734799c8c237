import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { agency } from './machines/agency.ts';
import { joint } from './machines/joint.ts';
import { online } from './machines/online.ts';
import { act, answer, hear, type ReceivingView } from './receiving-view.ts';
import { allowedEvents, apply, EVENTS, type Event, type Machine, type Row, type State } from './transitions.ts';

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
const stepsOf = (machine: Machine) => ({
  receivingActs(world: World, event: Event, used: Set<Row>): World {
    const change = unlessIllegal(() => act(machine, world.receiving, event));
    if (!change) return world;
    for (const row of change.applied) used.add(row);
    const requests = change.view.pending ? [...world.requests, event] : world.requests;
    return { ...world, receiving: change.view, requests };
  },

  handlingActs(world: World, event: Event, used: Set<Row>): World {
    const transition = unlessIllegal(() => apply(machine, world.handling, event, 'handling', 'handling'));
    if (!transition) return world;
    used.add(transition.row);
    return { ...world, handling: transition.to, messages: [...world.messages, event] };
  },

  /** The handling region may also reject a request for reasons outside the table, such as a missing right. */
  requestArrives(world: World, permitted: boolean, used: Set<Row>): World {
    const [event, ...requests] = world.requests;
    if (!event) return world;
    const transition = permitted
      ? unlessIllegal(() => apply(machine, world.handling, event, 'receiving', 'handling'))
      : undefined;
    if (!transition) return { ...world, requests, receipts: [...world.receipts, 'rejected'] };
    used.add(transition.row);
    return { ...world, requests, handling: transition.to, receipts: [...world.receipts, 'accepted'] };
  },

  /** Not guarded: a message of the handling region that is refused fails the test. */
  messageArrives(world: World, used: Set<Row>): World {
    const [event, ...messages] = world.messages;
    if (!event) return world;
    const change = hear(machine, world.receiving, event);
    for (const row of change.applied) used.add(row);
    return { ...world, messages, receiving: change.view };
  },

  receiptArrives(world: World, used: Set<Row>): World {
    const [outcome, ...receipts] = world.receipts;
    if (!outcome) return world;
    const change = answer(machine, world.receiving, outcome);
    for (const row of change.applied) used.add(row);
    return { ...world, receipts, receiving: change.view };
  },
});

const underway = (world: World) => world.requests.length + world.messages.length + world.receipts.length;

function expectAgreement(world: World): void {
  expect(world.receiving.pending).toBeUndefined();
  const { state } = world.receiving;
  // What the window does by itself the handling region does not see; a preview it has seen.
  if (['draft', 'returned', 'received'].includes(state)) expect(['none', 'previewed']).toContain(world.handling);
  // A part of a joint case is given up before it is handed over: the handling region never heard of it.
  else if (state === 'withdrawn' && world.handling === 'none') expect(world.requests).toEqual([]);
  else expect(world.handling).toBe(state);
}

type Attempt = (world: World, used: Set<Row>) => World;

/** A legal act of the side in most cases, since blind attempts seldom get past the window; any event otherwise. */
const chosen = (machine: Machine, state: State, role: 'receiving' | 'handling', pick: number): Event => {
  const allowed = pick % 5 === 0 ? events : allowedEvents(machine, state, role);
  return (allowed.length > 0 ? allowed : events).at(pick % (allowed.length || events.length)) ?? 'transfer';
};

function attemptsOf(machine: Machine) {
  const steps = stepsOf(machine);
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
      return (world, used) => {
        const { state } = world.receiving;
        return steps.receivingActs(world, chosen(machine, state, 'receiving', pick), used);
      };
    }),
    fc.nat(9999).map((pick): Attempt => {
      return (world, used) => steps.handlingActs(world, chosen(machine, world.handling, 'handling', pick), used);
    }),
  );
  return { steps, arrivals, acts };
}

describe.each([
  ['agency', agency],
  ['online', online],
  ['joint', joint],
])('two regions with one case in the mode %s', (_mode, machine) => {
  const { steps, arrivals, acts } = attemptsOf(machine);

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
    expect(seen.size).toBeGreaterThan(300);
    expect(machine.filter((row) => !used.has(row))).toEqual([]);
  });
});
