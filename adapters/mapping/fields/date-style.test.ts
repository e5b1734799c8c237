import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MappingFault } from '../fault.ts';
import { dateStyle } from './date-style.ts';

const MOMENT = Date.parse('2026-11-22T08:30:00+08:00');
const DAY = Date.parse('2026-11-22T00:00:00+08:00');

const style = (...patterns: readonly string[]) => dateStyle(patterns, '+08:00')!;

describe('a date style', () => {
  it.each([
    ['yyyy-MM-dd HH:mm:ss', '2026-11-22 08:30:00', MOMENT],
    ['yyyyMMddHHmmss', '20261122083000', MOMENT],
    ['yyyyMMddHHmmss', 20261122083000, MOMENT],
    ['yyyy/MM/dd', '2026/11/22', DAY],
    ['yyyy/M/d', '2026/1/5', Date.parse('2026-01-05T00:00:00+08:00')],
    ['yyyy年M月d日', '2026年11月22日', DAY],
    ['yyyy-MM-ddTHH:mm:ssXXX', '2026-11-22T00:30:00Z', MOMENT],
    ['iso', '2026-11-22T08:30:00.000+08:00', MOMENT],
    ['epoch-ms', String(MOMENT), MOMENT],
    ['epoch-s', MOMENT / 1_000, MOMENT],
    ['common', '2026-11-22 8:30', MOMENT],
    ['common', '2026-11-22T08:30:00', MOMENT],
    ['common', '20261122', DAY],
  ])('reads %s', (pattern, text, ms) => {
    expect(style(pattern).read(text)).toBe(ms);
  });

  it.each([
    ['yyyy-MM-dd', '2026-02-30'],
    ['yyyy-MM-dd', '2025-02-29'],
    ['yyyy-MM-dd', '2026-13-01'],
    ['yyyy-MM-dd', '0000-00-00'],
    ['yyyy-MM-dd', '1026-01-01'],
    ['yyyy-MM-dd', '9999-12-31'],
    ['yyyy-MM-dd HH:mm:ss', '2026-11-22 24:00:00'],
    ['yyyy-MM-dd HH:mm:ss', '2026-11-22 08:60:00'],
    ['yyyy-MM-dd', '2026-11-22 08:30:00'],
    ['yyyy-MM-dd', "2026-11-22'; DROP TABLE"],
    ['yyyy-MM-dd', '２０２６-11-22'],
    ['common', '22/11/2026'],
    ['common', '2026-02-30 08:00:00'],
    ['common', ''],
    ['epoch-ms', 'soon'],
    ['epoch-s', '99999999999999'],
    ['common', ['2026-11-22']],
    ['common', 20261131],
  ])('as %s refuses what is no such date, without repeating it', (pattern, value) => {
    const read = () => style(pattern).read(value);
    expect(read).toThrow(MappingFault);
    expect(read).toThrow(expect.objectContaining({ code: 'DATE', message: expect.not.stringContaining('DROP') }));
  });

  it('reads the first of several patterns that fits, and writes the first of all', () => {
    const several = style('yyyy-MM-dd', 'epoch-ms');
    expect([several.read('2026-11-22'), several.read(MOMENT), several.write(MOMENT)]).toEqual([
      DAY,
      MOMENT,
      '2026-11-22',
    ]);
    expect(style('common').write(MOMENT)).toBe('2026-11-22 08:30:00');
  });

  it('keeps to the zone that it was given', () => {
    expect(dateStyle(['yyyy-MM-dd HH:mm'], 'Z')!.read('2026-11-22 00:30')).toBe(MOMENT);
    expect(dateStyle(['yyyy-MM-dd HH:mmXXX'], '-03:30')!.write(MOMENT)).toBe('2026-11-21 21:00-03:30');
  });

  it.each(['dd.MM', 'yyyy-MM-dd hh:mm:sss', 'yyyyy', 'yyyy yyyy', ''])('is none for the pattern "%s"', (pattern) => {
    expect(dateStyle([pattern], '+08:00')).toBeUndefined();
  });

  it('gives back every moment that it wrote', () => {
    const moment = fc.integer({ min: Date.UTC(1801, 0, 1), max: Date.UTC(2199, 11, 30) });
    const zone = fc.constantFrom('+08:00', 'Z', '-11:00', '+05:30');
    const pattern = fc.constantFrom<[string, number]>(
      ['yyyy-MM-dd HH:mm:ss', 1_000],
      ['yyyyMMddHHmmssSSS', 1],
      ['yyyy-M-d H:mm', 60_000],
      ['yyyy-MM-ddTHH:mm:ss.SSSXXX', 1],
      ['epoch-ms', 1],
      ['epoch-s', 1_000],
      ['common', 1_000],
    );
    fc.assert(
      fc.property(moment, zone, pattern, (ms, east, [text, unit]) => {
        const exact = Math.floor(ms / unit) * unit;
        const made = dateStyle([text], east)!;
        expect(made.read(made.write(exact))).toBe(exact);
      }),
    );
  });

  it('never gives a moment for any text but one that it would write again', () => {
    const digits = fc.stringMatching(/^\d{4}-\d{2}-\d{2}$/);
    fc.assert(
      fc.property(digits, (text) => {
        const day = style('yyyy-MM-dd');
        let ms: number;
        try {
          ms = day.read(text);
        } catch {
          return;
        }
        expect(day.write(ms)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
