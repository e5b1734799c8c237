import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chinaDate, chinaTime, lastDayOf, readChinaTime } from './china-time.ts';

const instants = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2200, 0, 1) });

it('writes the day that it is in China', () => {
  fc.assert(
    fc.property(instants, (ms) => {
      expect(chinaDate(ms)).toBe(new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10));
    }),
    { numRuns: 2000 },
  );
  for (const day of ['2000-02-29', '2100-02-28', '2100-03-01', '2024-12-31', '2026-01-01'])
    expect(chinaDate(Date.parse(`${day}T00:00:00+08:00`))).toBe(day);
});

it('ends a validity on the day before the moment at which it is over', () => {
  expect(lastDayOf(Date.parse('2031-11-20T00:00:00+08:00'))).toBe('2031-11-19');
  expect(lastDayOf(Date.parse('2031-11-20T00:00:01+08:00'))).toBe('2031-11-20');
  expect(lastDayOf(undefined)).toBe('长期');
});

it('reads the moments that it writes, and no others', () => {
  fc.assert(
    fc.property(instants, (ms) => {
      expect(readChinaTime(chinaTime(ms))).toBe(ms - (ms % 1000));
    }),
  );
  const others = ['2026-11-20T08:00:00Z', '2026-11-20T08:00:00.000+08:00', '2026-02-30T08:00:00+08:00', '', 'x'];
  for (const other of [...others, '+275760-09-13T00:00:00.000Z', '-271821-04-20T00:00:00.000Z'])
    expect(readChinaTime(other)).toBeNaN();
});
