import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { readJoint } from '#trust';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { pinEachOther, type TestClock, testClock } from '../testing/region-pair.ts';
import { carry, carryAll, type JointSide, jointDraft, jointSide } from './testing/joint-side.ts';

const START = Date.parse('2026-11-20T09:00:00+08:00');
const DAY = 24 * 60 * 60 * 1000;
const CODES = ['320600', '150626', '350500', '140400'] as const;

/** What may happen at any moment: a party acts, or what waits between two goes over, with or without its receipts. */
type Step =
  | { readonly do: 'carry'; readonly from: number; readonly to: number; readonly receipts: boolean }
  | { readonly do: 'sign' | 'refuse' | 'revoke' | 'revoke-for-cause'; readonly who: number };

const place = fc.nat(CODES.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('carry' as const), from: place, to: place, receipts: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sign' as const), who: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('refuse' as const, 'revoke' as const, 'revoke-for-cause' as const),
      who: place,
    }),
  },
);

const others = [1, 2, 3];
const proposed = others.map((who): Step => ({ do: 'carry', from: 0, to: who, receipts: true }));
const inForce = [
  ...proposed,
  ...others.flatMap((who): Step[] => [
    { do: 'sign', who },
    { do: 'carry', from: who, to: 0, receipts: false },
  ]),
  ...proposed,
];
/** Several end it before any of them has heard of another. */
const endedAtOnce: readonly Step[] = [
  { do: 'revoke', who: 0 },
  { do: 'refuse', who: 1 },
  { do: 'revoke', who: 1 },
  { do: 'revoke-for-cause', who: 2 },
  { do: 'revoke', who: 3 },
];

describe.each([
  ['parties that have all pinned one another', true],
  ['parties that know only the lead', false],
])('the books of %s', (_, pinned) => {
  let folder: string;
  let clock: TestClock;
  let sides: JointSide[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joint-convergence-'));
    clock = testClock(START);
    const regions = await Promise.all(CODES.map((code) => throwawayRegion(code, { now: START - DAY })));
    sides = await Promise.all(regions.map((region) => jointSide(region, folder, clock)));
    for (const [index, one] of sides.entries())
      for (const other of sides.slice(index + 1)) if (pinned || index === 0) await pinEachOther(one, other);
  });

  afterAll(async () => {
    for (const side of sides) await side.close();
    await rm(folder, { recursive: true });
  });

  /** What an operator cannot do now, or not any more, changes nothing. */
  async function tried(act: () => Promise<unknown>): Promise<void> {
    await act().catch((error) => {
      if (!(error instanceof CodedError)) throw error;
    });
  }

  async function run(id: string, now: Step): Promise<void> {
    if (now.do === 'carry') return void (await carry(sides[now.from]!, sides[now.to]!, now.receipts));
    const { joint } = sides[now.who]!;
    clock.at += 1;
    if (now.do === 'sign') return tried(() => joint.sign(id));
    if (now.do === 'refuse') return tried(() => joint.refuse(id, '不同意'));
    return tried(() => joint.revoke(id, '终止', now.do === 'revoke-for-cause'));
  }

  it('come to the same end, whatever the order in which messages arrive and however often', async () => {
    let active = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const draft = jointDraft(clock.at, { parties: CODES, receiving: CODES });
        const { id } = await sides[0]!.joint.propose(draft);
        for (const now of steps) await run(id, now);
        await carryAll(sides);
        const before = await Promise.all(sides.map(({ joint }) => joint.get(id)));
        if (before.every(({ state }) => state === 'active')) active += 1;
        clock.at += DAY;
        await carryAll(sides);
        const views = await Promise.all(sides.map(({ joint }) => joint.get(id)));
        expect(new Set(views.map(({ state, ending }) => `${state} ${ending?.proof}`)).size).toBe(1);
        expect(['active', 'ended']).toContain(views[0]!.state);
        const complete = views.filter(({ document }) => readJoint(document).signatures.length === CODES.length);
        expect([0, CODES.length]).toContain(complete.length);
        expect(new Set(views.map(({ document }) => document)).size).toBe(1);
        if (views[0]!.state === 'active') expect(complete).toHaveLength(CODES.length);
        // Nothing that ended or began without all is in force anywhere, and nothing moves by itself afterwards.
        await carryAll(sides);
        expect(await Promise.all(sides.map(({ joint }) => joint.get(id)))).toEqual(views);
      }),
      {
        numRuns: 20,
        examples: [[inForce], [[...inForce, ...endedAtOnce]], [[...proposed, ...endedAtOnce]]],
      },
    );
    expect(active).toBeGreaterThan(0);
  }, 60_000);
});
