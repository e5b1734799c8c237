import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodedError } from '#proto';
import type { CaseFile } from '../case-file.ts';
import type { State } from '../transitions.ts';
import type { JointPartRow } from './joint-case.ts';
import {
  nextPart,
  nextWhole,
  PART_STATES,
  type PartEvent,
  type PartState,
  WHOLE_STATES,
  type WholeEvent,
  type WholeState,
} from './joint-states.ts';
import { moveJoint } from './move-joint.ts';

interface Part {
  readonly id: string;
  readonly after: string[];
  /** How its case ends, once somebody decides it. */
  readonly outcome: State;
}

const outcome = fc.constantFrom<State>('issued', 'issued', 'issued', 'denied', 'refused', 'sent-back', 'withdrawn');

/** Parts that come only after earlier ones, so that there is no circle. */
const plan = fc
  .array(fc.record({ outcome, before: fc.array(fc.nat(), { maxLength: 3 }) }), { minLength: 2, maxLength: 9 })
  .map((drawn): Part[] =>
    drawn.map(({ outcome: ends, before }, index) => ({
      id: `p${index}`,
      after: index === 0 ? [] : [...new Set(before.map((n) => `p${n % index}`))],
      outcome: ends,
    })),
  );

/** One joint case in memory; its cases end in the order in which `turns` picks among those that run. */
class World {
  state: WholeState = 'running';
  rows: JointPartRow[];
  readonly files = new Map<string, CaseFile>();
  readonly parts: readonly Part[];
  readonly fallsWhole: boolean;
  hasFallen = false;
  /** Every part that began, in that order. */
  readonly begun: string[] = [];

  constructor(parts: readonly Part[], fallsWhole = false) {
    this.parts = parts;
    this.fallsWhole = fallsWhole;
    this.rows = parts.map(({ id }) => ({ part: id, conversation: id, state: 'waiting', code: '' }));
  }

  tend(isAgreed = true): void {
    if (this.state !== 'running' && this.state !== 'withdrawing') return;
    const { parts, fallsWhole, hasFallen, rows, files } = this;
    const plan = { parts, fallsWhole } as unknown as Parameters<typeof moveJoint>[0];
    const { state, moved, fallenBy } = moveJoint(plan, { state: this.state, rows, files, isAgreed, hasFallen });
    this.hasFallen ||= fallenBy !== undefined;
    this.begun.push(...moved.filter((row) => row.state === 'running').map(({ part }) => part));
    this.rows = this.rows.map((row) => moved.find(({ part }) => part === row.part) ?? row);
    this.state = state;
  }

  is(id: string): PartState {
    return this.rows.find(({ part }) => part === id)!.state;
  }

  /** Parts whose case nobody has decided yet. */
  open(): Part[] {
    return this.parts.filter(({ id }) => this.is(id) === 'running' && !this.files.has(id));
  }

  end(id: string, state: State): void {
    this.files.set(id, { conversation: id, state, document: { steps: {} } } as unknown as CaseFile);
  }

  /** @param turns which running part is decided next, and whether anybody looks in between */
  run(turns: readonly number[]): void {
    this.tend();
    for (let n = 0; this.state === 'running' && n < 1000; n += 1) {
      const turn = turns[n % turns.length]!;
      const open = this.open();
      const next = open[turn % (open.length || 1)];
      if (next) this.end(next.id, next.outcome);
      if (!next || turn % 3 !== 0) this.tend();
      this.expectOrder();
    }
  }

  expectOrder(): void {
    for (const { id, after } of this.parts) {
      const states = after.map((before) => this.is(before));
      if (this.is(id) !== 'waiting' && this.is(id) !== 'skipped') expect(states).toEqual(states.map(() => 'done'));
      if (this.is(id) === 'skipped') expect(states.some((one) => one === 'failed' || one === 'skipped')).toBe(true);
    }
    const open = this.rows.filter(({ state }) => state === 'waiting' || state === 'running');
    expect(this.state === 'complete').toBe(open.length === 0);
  }
}

const turns = fc.array(fc.nat(999), { minLength: 5, maxLength: 40 });

describe('M3 多地联办: the parts of a joint case', () => {
  it('begin in the order of the agreement, all end, and come to the same whatever ends first', () => {
    fc.assert(
      fc.property(plan, turns, turns, (parts, one, other) => {
        const worlds = [one, other].map((order) => {
          const world = new World(parts);
          world.run(order);
          return world;
        });
        for (const world of worlds) expect(world.state).toBe('complete');
        expect(worlds[0]!.rows).toEqual(worlds[1]!.rows);
      }),
      { numRuns: 500 },
    );
  });

  it('B4: begin exactly once each, and only after all before them, in any order that has no circle', () => {
    const granted = plan.map((parts) => parts.map((part): Part => ({ ...part, outcome: 'issued' })));
    fc.assert(
      fc.property(granted, turns, (parts, order) => {
        const world = new World(parts);
        world.run(order);
        expect([...world.begun].sort()).toEqual(parts.map(({ id }) => id).sort());
        for (const { id, after } of parts)
          for (const before of after) expect(world.begun.indexOf(before)).toBeLessThan(world.begun.indexOf(id));
        expect(world.rows.every(({ state }) => state === 'done')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('B6: begin no more once one came to nothing, where the bundle is done as a whole or not at all', () => {
    fc.assert(
      fc.property(plan, turns, (parts, order) => {
        const world = new World(parts, true);
        world.tend();
        for (const turn of order) {
          const open = world.open();
          const next = open[turn % (open.length || 1)];
          if (next) world.end(next.id, next.outcome);
          world.tend();
        }
        if (!world.hasFallen) {
          expect(world.state === 'complete').toBe(world.open().length === 0);
          return;
        }
        const begun = [...world.begun];
        // What runs is withdrawn, but for what was decided before.
        for (const { id } of world.open()) world.end(id, 'withdrawn');
        world.tend();
        expect(world.begun).toEqual(begun);
        expect(world.state).toBe('complete');
        expect(world.rows.some(({ state }) => state === 'failed')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('end when the whole is withdrawn at any moment, and nothing begins any more', () => {
    fc.assert(
      fc.property(plan, turns, fc.nat(8), (parts, order, after) => {
        const world = new World(parts);
        world.tend();
        for (const turn of order.slice(0, after)) {
          const open = world.open();
          const next = open[turn % (open.length || 1)];
          if (next) world.end(next.id, next.outcome);
          world.tend();
        }
        if (world.state !== 'running') return;
        world.state = nextWhole(world.state, 'withdraw');
        const begun = world.rows.filter(({ state }) => state !== 'waiting').map(({ part }) => part);
        // Of those that run the last one has not been opened yet.
        const opened = world.open().slice(0, -1);
        for (const { id } of opened) world.end(id, 'accepted');
        world.tend();
        for (const { id } of opened) world.end(id, 'withdrawn');
        world.tend();
        const decided = [...world.files.values()].some(({ state }) => state === 'issued' || state === 'denied');
        expect(world.state).toBe(decided ? 'complete' : 'withdrawn');
        for (const { part, state } of world.rows) if (!begun.includes(part)) expect(state).toBe('skipped');
      }),
      { numRuns: 500 },
    );
  });

  it('never begin when their agreement has ended meanwhile; what runs goes on', () => {
    const world = new World([
      { id: 'first', after: [], outcome: 'issued' },
      { id: 'second', after: ['first'], outcome: 'issued' },
      { id: 'third', after: ['second'], outcome: 'issued' },
    ]);
    world.tend();
    world.tend(false);
    expect(world.rows.map(({ state, code }) => [state, code])).toEqual([
      ['running', ''],
      ['skipped', 'JOINT_INACTIVE'],
      ['skipped', 'JOINT_INACTIVE'],
    ]);
    world.end('first', 'issued');
    world.tend(false);
    expect(world.state).toBe('complete');
  });

  it('fail after all when a result is taken back while others run, and what waited for it is skipped', () => {
    const world = new World([
      { id: 'one', after: [], outcome: 'issued' },
      { id: 'two', after: [], outcome: 'issued' },
      { id: 'both', after: ['one', 'two'], outcome: 'issued' },
    ]);
    world.tend();
    world.end('one', 'issued');
    world.tend();
    world.end('one', 'revoked');
    world.tend();
    expect(['one', 'two', 'both'].map((id) => world.is(id))).toEqual(['failed', 'running', 'skipped']);
  });
});

describe('the tables of a joint case', () => {
  const legal = (work: () => string) => {
    try {
      return work();
    } catch (error) {
      expect((error as CodedError).code).toBe('ILLEGAL_TRANSITION');
      return undefined;
    }
  };

  it('hold every pair of state and event, and refuse the others', () => {
    const events: WholeEvent[] = ['submit', 'withdraw', 'fall', 'all-ended', 'nothing-left', 'hand-over'];
    const states = Object.keys(WHOLE_STATES) as WholeState[];
    const moves = states.flatMap((state) =>
      events.flatMap((event) => {
        const to = legal(() => nextWhole(state, event));
        return to === undefined ? [] : [`${state} ${event} ${to}`];
      }),
    );
    expect(moves).toEqual([
      'draft submit running',
      'draft withdraw withdrawn',
      'running withdraw withdrawing',
      'running fall withdrawing',
      'running all-ended complete',
      'withdrawing all-ended complete',
      'withdrawing nothing-left withdrawn',
      'complete hand-over handed-over',
    ]);
    const partEvents: PartEvent[] = ['begin', 'skip', 'finish', 'fail'];
    const partMoves = (Object.keys(PART_STATES) as PartState[]).flatMap((state) =>
      partEvents.flatMap((event) => {
        const to = legal(() => nextPart(state, event));
        return to === undefined ? [] : [`${state} ${event} ${to}`];
      }),
    );
    expect(partMoves).toEqual([
      'waiting begin running',
      'waiting skip skipped',
      'running skip skipped',
      'running finish done',
      'running fail failed',
      'done fail failed',
    ]);
  });
});
