import { dayOf, dayText } from '../../../calendar/china-day.ts';
import type { Office } from '../../../calendar/office.ts';
import { type Finding, fine, warning } from '../finding.ts';

/** Months before the end of a year from which the next one matters: limits of cases reach into it. */
const LAST_MONTHS = 2;

/** Where the holidays of a year are not known, limits that reach into it are counted by its weekends only. @param now milliseconds */
export function checkCalendar(now: number, { calendar }: Office): Finding {
  const what = 'calendar';
  const [year, month] = dayText(dayOf(now)).split('-').map(Number) as [number, number, number];
  const years = month > 12 - LAST_MONTHS ? [year, year + 1] : [year];
  const unknown = years.filter((one) => !calendar.knows(one));
  if (unknown.length === 0)
    return fine(what, {
      zh: `已有 ${years.join('、')} 年节假日安排`,
      en: `the holidays of ${years.join(' and ')} are known`,
    });
  return warning(
    what,
    {
      zh: `没有 ${unknown.join('、')} 年节假日安排,落在该年的时限只扣除周末`,
      en: `the holidays of ${unknown.join(' and ')} are not known: limits that reach into it count weekends only`,
    },
    {
      zh: '国务院公布后,把假日和调休上班日写入 gateway.yaml 的 calendar,重启网关;或升级程序',
      en: 'once they are announced, write holidays and workdays into calendar of gateway.yaml and restart, or update',
      page: 'clock',
    },
  );
}
