import { expect, it } from 'vitest';
import { officeOf } from '../../../config/calendar-config.ts';
import { checkCalendar } from './check-calendar.ts';

const at = (day: string) => Date.parse(`${day}T10:00:00+08:00`);

it('is content while the holidays of this year are known, and of the next one towards its end', () => {
  expect(checkCalendar(at('2025-06-01'), officeOf({}))).toMatchObject({ level: 'fine' });
  expect(checkCalendar(at('2025-11-01'), officeOf({}))).toMatchObject({ level: 'fine' });
});

it('warns of a year that is not known, and says what to do', () => {
  const finding = checkCalendar(at('2089-12-01'), officeOf({}));
  expect(finding).toMatchObject({
    level: 'warning',
    what: 'calendar',
    todo: { zh: expect.stringContaining('calendar') },
  });
  expect(finding.zh).toContain('2089、2090');
});

it('is content once the region has written the days of the year', () => {
  const office = officeOf({ holidays: ['2089-10-03', '2090-01-02'] });
  expect(checkCalendar(at('2089-12-01'), office)).toMatchObject({ level: 'fine' });
});
