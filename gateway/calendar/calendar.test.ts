import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, dayText, momentOf, parseDay } from './china-day.ts';
import { WorkCalendar } from './work-calendar.ts';
import { addWorkingTime, closingTime, parseHours } from './working-hours.ts';

const at = (text: string) => Date.parse(`${text}+08:00`);
const day = (text: string) => parseDay(text)!;
const HOUR = 60 * 60 * 1000;
const national = new WorkCalendar();
const hours = parseHours('09:00-12:00 13:30-17:00')!;

describe('a day in China', () => {
  it('begins at midnight in Shanghai, whatever the zone of the machine', () => {
    expect(dayText(dayOf(at('2026-12-01T00:00:00')))).toBe('2026-12-01');
    expect(dayText(dayOf(at('2026-12-01T00:00:00') - 1))).toBe('2026-11-30');
    expect(momentOf(day('2026-12-01'), 90)).toBe(at('2026-12-01T01:30:00'));
  });

  it.each(['2026-02-30', '2026-2-3', '20260203', '', 'today'])('is not %j', (text) => {
    expect(parseDay(text)).toBeUndefined();
  });
});

describe('working days', () => {
  it.each([
    ['2026-10-01', false, 'National Day'],
    ['2026-10-10', true, 'a Saturday that makes up for it'],
    ['2026-02-14', true, 'a Saturday before Spring Festival'],
    ['2026-11-22', false, 'a Sunday'],
    ['2026-11-23', true, 'a Monday'],
  ])('%s: %s (%s)', (text, isWorking) => {
    expect(national.isWorkingDay(day(text))).toBe(isWorking);
  });

  it('are counted from the day after, over holidays and make-up days', () => {
    // 30 September is a Wednesday; the holiday lasts to 7 October, Saturday the 10th is worked.
    expect(dayText(national.after(day('2026-09-30'), 1))).toBe('2026-10-08');
    expect(dayText(national.after(day('2026-09-30'), 3))).toBe('2026-10-10');
    expect(dayText(national.after(day('2026-09-30'), 4))).toBe('2026-10-12');
    expect(national.between(day('2026-09-30'), day('2026-10-12'))).toBe(4);
  });

  it('follow the region where it deviates', () => {
    // 那达慕 is a holiday of some banners only.
    const banner = new WorkCalendar({ holidays: [day('2026-11-23')], workdays: [day('2026-11-22')] });
    expect([banner.isWorkingDay(day('2026-11-22')), banner.isWorkingDay(day('2026-11-23'))]).toEqual([true, false]);
    expect(dayText(banner.after(day('2026-11-21'), 2))).toBe('2026-11-24');
  });

  it('count alike forwards and backwards', () => {
    fc.assert(
      fc.property(fc.integer({ min: day('2023-01-01'), max: day('2027-12-31') }), fc.nat(200), (from, count) => {
        expect(national.between(from, national.after(from, count))).toBe(count);
      }),
    );
  });

  it('say of which years the holidays are known', () => {
    expect([2025, 2026, 2090].map((year) => national.knows(year))).toEqual([true, true, false]);
    const told = new WorkCalendar({ holidays: [day('2090-10-03')], workdays: [] });
    expect(told.knows(2090)).toBe(true);
  });
});

describe('working hours', () => {
  it.each([
    '',
    '9-17',
    '09:00-09:00',
    '17:00-09:00',
    '09:00-12:00 11:00-17:00',
    '09:00-25:00',
    '09:00-12:00,13:00-17:00',
  ])('are not %j', (text) => {
    expect(parseHours(text)).toBeUndefined();
  });

  it.each([
    ['in the morning', '2026-11-23T09:30:00', 2, '2026-11-23T11:30:00'],
    ['over the noon break', '2026-11-23T11:30:00', 2, '2026-11-23T15:00:00'],
    ['over the night', '2026-11-23T16:00:00', 2, '2026-11-24T10:00:00'],
    ['over the weekend', '2026-11-20T16:30:00', 2, '2026-11-23T10:30:00'],
    ['from a closed office on', '2026-11-22T20:00:00', 2, '2026-11-23T11:00:00'],
    ['to the very end of a span', '2026-11-23T15:00:00', 2, '2026-11-23T17:00:00'],
  ])('pass %s', (_, from, count, until) => {
    expect(addWorkingTime(national, hours, at(from), count * HOUR)).toBe(at(until));
  });

  it('end a day when the office closes', () => {
    expect(closingTime(hours, day('2026-11-23'))).toBe(at('2026-11-23T17:00:00'));
  });
});
