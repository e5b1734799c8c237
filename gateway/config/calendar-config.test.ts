import { expect, it } from 'vitest';
import type { Problem } from '#proto';
import { calendarRule, officeOf } from './calendar-config.ts';

const at = (text: string) => Date.parse(`${text}+08:00`);

function faults(section: unknown): string[] {
  const problems: Problem[] = [];
  calendarRule(section, '', problems);
  return problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('gives the national calendar and usual hours where nothing is said', () => {
  expect(faults({})).toEqual([]);
  expect(officeOf({}).after(at('2026-11-20T10:00:00'), 1)).toBe(at('2026-11-23T17:00:00'));
});

it('takes the days and hours of the region, and of windows that keep others', () => {
  const section = {
    holidays: ['2026-11-23'],
    workdays: ['2026-11-22'],
    hours: '08:30-12:00 15:00-18:30',
    windows: { 夜间窗口: '18:00-21:00' },
  };
  expect(faults(section)).toEqual([]);
  const office = officeOf(section);
  expect(office.after(at('2026-11-20T10:00:00'), 1)).toBe(at('2026-11-22T18:30:00'));
  expect(office.after(at('2026-11-20T10:00:00'), 2)).toBe(at('2026-11-24T18:30:00'));
  expect(office.afterMinutes(at('2026-11-24T11:00:00'), 120, '')).toBe(at('2026-11-24T16:00:00'));
  expect(office.afterMinutes(at('2026-11-24T11:00:00'), 120, '夜间窗口')).toBe(at('2026-11-24T20:00:00'));
});

it('names every wrong setting', () => {
  const section = {
    holidays: ['2026-2-1', 20261001],
    workdays: ['2026-02-30'],
    hours: '9-17',
    windows: { 甲: '' },
    zone: 8,
  };
  expect(faults(section)).toEqual([
    '/holidays/0 FORMAT',
    '/holidays/1 FORMAT',
    '/workdays/0 FORMAT',
    '/hours FORMAT',
    '/windows/甲 FORMAT',
    '/zone UNKNOWN_FIELD',
  ]);
  expect(faults({ holidays: ['2026-12-01'], workdays: ['2026-12-01'] })).toEqual(['/workdays/0 CONFLICT']);
});
