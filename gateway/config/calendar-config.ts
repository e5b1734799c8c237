import { fields, list, optional, type Problem, type Rule, record, text } from '#proto';
import { parseDay } from '../calendar/china-day.ts';
import { Office } from '../calendar/office.ts';
import { WorkCalendar } from '../calendar/work-calendar.ts';
import { parseHours } from '../calendar/working-hours.ts';

/** The section as the file has it: when the offices of the region work (办公日历). */
export interface CalendarSection {
  /** Days off beside the national ones, such as those of an autonomous region. */
  holidays?: readonly string[] | null;
  /** Days that are worked although they are weekends or national holidays. */
  workdays?: readonly string[] | null;
  /** Of the region, as in `09:00-12:00 13:30-17:00`. */
  hours?: string | null;
  /** Of windows that keep other hours, by their names. */
  windows?: Readonly<Record<string, string>> | null;
}

const DEFAULT_HOURS = '09:00-12:00 13:30-17:00';
const MAX_DAYS = 1000;
const MAX_WINDOWS = 500;

const day: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || parseDay(value) === undefined)
    problems.push({ pointer, code: 'FORMAT', message: "must be a day in quotes, as in '2026-12-01'" });
};

const hours: Rule = (value, pointer, problems) => {
  if (typeof value !== 'string' || !parseHours(value))
    problems.push({ pointer, code: 'FORMAT', message: "must be hours in order, as in '09:00-12:00 13:30-17:00'" });
};

const members = fields({
  holidays: optional(list(day, MAX_DAYS)),
  workdays: optional(list(day, MAX_DAYS)),
  hours: optional(hours),
  windows: optional(record(text(50), hours, MAX_WINDOWS)),
});

/** What the section may say. */
export const calendarRule: Rule = (value, pointer, problems: Problem[]) => {
  members(value, pointer, problems);
  const { holidays, workdays } = (value ?? {}) as CalendarSection;
  if (!Array.isArray(holidays) || !Array.isArray(workdays)) return;
  workdays.forEach((text: unknown, index) => {
    if (!holidays.includes(text)) return;
    problems.push({ pointer: `${pointer}/workdays/${index}`, code: 'CONFLICT', message: 'is a holiday as well' });
  });
};

/** The offices of the region, with the defaults filled in. */
export function officeOf({ holidays, workdays, hours, windows }: CalendarSection): Office {
  const days = (texts: readonly string[] | null | undefined) => (texts ?? []).map((text) => parseDay(text)!);
  const calendar = new WorkCalendar({ holidays: days(holidays), workdays: days(workdays) });
  const ofWindows = Object.entries(windows ?? {}).map(([name, text]) => [name, parseHours(text)!] as const);
  return new Office(calendar, parseHours(hours ?? DEFAULT_HOURS)!, new Map(ofWindows));
}
