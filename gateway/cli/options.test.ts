import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { duration, wholeNumber } from './options.ts';

test('durations are read with and without a unit', () => {
  expect(['900', '90s', '15m', '8h', '30d'].map(duration)).toEqual([900, 90, 900, 28_800, 2_592_000]);
});

test.each(['', '-8h', '8 h', '8w', '1.5h', '8hh'])('%o is no duration', (text) => {
  expect(() => duration(text)).toThrow(InvalidArgumentError);
});

test('a whole number stays within its bounds', () => {
  const read = wholeNumber(1, 200);
  expect([read('1'), read('200')]).toEqual([1, 200]);
  for (const wrong of ['0', '201', '1.5', '-1', 'x', '', '1e2'])
    expect(() => read(wrong)).toThrow(InvalidArgumentError);
});
