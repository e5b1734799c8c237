import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Lanes } from './lanes.ts';

/** Works that end when the test says so. */
function works() {
  const ends = new Map<string, () => void>();
  const begun: string[] = [];
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      begun.push(name);
      ends.set(name, resolve);
    });
  return { begun, work, end: (name: string) => ends.get(name)!() };
}

test('works of one case keep their order, others pass them', async () => {
  const { begun, work, end } = works();
  const lanes = new Lanes(10);
  for (const name of ['a1', 'a2', 'b1']) await lanes.add(name[0]!, work(name));
  await setImmediate();
  expect(begun).toEqual(['a1', 'b1']);
  end('b1');
  end('a1');
  await setImmediate();
  expect(begun).toEqual(['a1', 'b1', 'a2']);
  end('a2');
  await lanes.idle();
});

test('holds no more than it may, those that wait for their lane included', async () => {
  const { begun, work, end } = works();
  const lanes = new Lanes(2);
  await lanes.add('a', work('a1'));
  await lanes.add('a', work('a2'));
  let isHeld = false;
  const third = lanes.add('b', work('b1')).then(() => {
    isHeld = true;
  });
  await setImmediate();
  expect([begun, isHeld]).toEqual([['a1'], false]);
  end('a1');
  await third;
  await setImmediate();
  expect(begun.toSorted()).toEqual(['a1', 'a2', 'b1']);
  end('a2');
  end('b1');
  await lanes.idle();
});
