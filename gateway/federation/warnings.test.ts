import { expect, it } from 'vitest';
import { daysLeft, EndWarnings, isEnding } from './warnings.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const END = 1000 * DAY_MS;

it('says an end at 30, 7 and 1 days and after it, each once, and again after a renewal', () => {
  const warnings = new EndWarnings();
  const said: number[] = [];
  const pass = (from: number, end: number) => {
    for (let now = from; now <= end + 2 * DAY_MS; now += DAY_MS / 4) {
      warnings.note('anchor', end, now, (days) => void said.push(days));
    }
  };
  pass(END - 100 * DAY_MS, END);
  expect(said).toEqual([30, 7, 1, -1]);
  pass(END, END + 100 * DAY_MS);
  expect(said).toEqual([30, 7, 1, -1, 30, 7, 1, -1]);
});

it('begins with the nearest threshold', () => {
  const said: number[] = [];
  new EndWarnings().note('anchor', END, END - 3 * DAY_MS, (days) => void said.push(days));
  expect(said).toEqual([3]);
});

it('counts whole days', () => {
  expect([END - 1, END, END + 1, END - DAY_MS].map((now) => daysLeft(END, now))).toEqual([0, -1, -1, 1]);
  expect([END - 31 * DAY_MS, END - 30 * DAY_MS].map((now) => isEnding(END, now))).toEqual([false, true]);
});
