import { expect, it } from 'vitest';
import { EarlyReferences } from './early-references.ts';

it('lets so many wait, and makes room once the oldest had its time', () => {
  let now = 1_000_000;
  const early = new EarlyReferences({ now: () => now }, 2);
  expect(['a', 'b', 'c'].map((key) => early.isUnderWay(key))).toEqual([true, true, false]);
  now += 119_999;
  expect(['a', 'c'].map((key) => early.isUnderWay(key))).toEqual([true, false]);
  now += 1;
  expect(['a', 'b', 'c'].map((key) => early.isUnderWay(key))).toEqual([false, false, true]);
});

it('ends the wait when the clock is set back', () => {
  let now = 1_000_000;
  const early = new EarlyReferences({ now: () => now });
  expect(early.isUnderWay('a')).toBe(true);
  now -= 1;
  expect(early.isUnderWay('a')).toBe(false);
});
