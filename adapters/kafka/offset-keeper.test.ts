import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OffsetKeeper } from './offset-keeper.ts';

const place = (offset: bigint, partition = 0) => ({ topic: 'in', partition, offset });

it('never lets an offset be committed beyond a record without an end, and in the end commits all', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1 }), fc.infiniteStream(fc.nat()), (given, picks) => {
      const offsets = given.sort((one, other) => one - other).map(BigInt);
      const keeper = new OffsetKeeper();
      const open = offsets.map((offset) => ({ offset, held: keeper.hold(place(offset))! }));
      let committed = offsets[0]!;
      while (open.length > 0) {
        const [{ held }] = open.splice(picks.next().value! % open.length, 1) as [(typeof open)[0]];
        held.end();
        for (const { offset } of keeper.due()) {
          expect(offset).toBeGreaterThan(committed);
          committed = offset;
        }
        keeper.committed(keeper.due());
        if (open[0]) expect(committed).toBeLessThanOrEqual(open[0].offset);
      }
      expect(committed).toBe(offsets.at(-1)! + 1n);
    }),
  );
});

it('takes a record once, however often it is fetched, until its partition is gone', () => {
  const keeper = new OffsetKeeper();
  const first = keeper.hold(place(5n))!;
  keeper.hold(place(6n))!.end();
  expect([keeper.hold(place(5n)), keeper.hold(place(6n))]).toEqual([undefined, undefined]);
  keeper.keep([{ topic: 'in', partitions: [1] }]);
  expect(first.isOurs()).toBe(false);
  const again = keeper.hold(place(5n))!;
  first.end();
  expect(keeper.due()).toEqual([]);
  again.end();
  expect(keeper.due()).toEqual([place(6n)]);
});

it('begins anew with a topic that was made anew', () => {
  const keeper = new OffsetKeeper();
  keeper.hold(place(100n))!.end();
  keeper.committed(keeper.due());
  keeper.hold(place(0n))!.end();
  expect(keeper.due()).toEqual([place(1n)]);
});

it('has no room while too many lie beyond one that is stuck', async () => {
  const keeper = new OffsetKeeper();
  const stuck = keeper.hold(place(0n))!;
  for (let offset = 1n; offset < 10_000n; offset += 1n) keeper.hold(place(offset))!.end();
  let hasRoom = false;
  const room = keeper.room(new AbortController().signal).then(() => {
    hasRoom = true;
  });
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  stuck.end();
  await room;
  await expect(keeper.room(AbortSignal.abort())).resolves.toBeUndefined();
});
