import { type ChinaDay, dayOf, momentOf } from './china-day.ts';
import type { WorkCalendar } from './work-calendar.ts';

/** A part of a day, in minutes after midnight in China. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** When an office is open on a working day (办公时间). */
export interface WorkingHours {
  readonly spans: readonly Span[];
}

const SPAN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const MAX_SPANS = 6;

/** Reads hours such as `09:00-12:00 13:30-17:00`; undefined when they are malformed, overlap or are out of order. */
export function parseHours(text: string): WorkingHours | undefined {
  const parts = text.split(' ');
  if (parts.length > MAX_SPANS) return undefined;
  const spans: Span[] = [];
  for (const part of parts) {
    const match = SPAN.exec(part);
    if (!match) return undefined;
    const [from, to] = [minutes(match[1]!, match[2]!), minutes(match[3]!, match[4]!)];
    if (from >= to || from < (spans.at(-1)?.to ?? 0)) return undefined;
    spans.push({ from, to });
  }
  return { spans };
}

/** The end of the last span of a day, in milliseconds: a limit in days ends when the office closes (民法典第二百零三条). */
export function closingTime({ spans }: WorkingHours, day: ChinaDay): number {
  return momentOf(day, spans.at(-1)!.to);
}

/**
 * When so much time has passed in working hours.
 *
 * @param at milliseconds; where the office is closed then, counting begins when it opens
 * @param duration milliseconds
 */
export function addWorkingTime(calendar: WorkCalendar, hours: WorkingHours, at: number, duration: number): number {
  let left = duration;
  for (let day = dayOf(at); ; day = calendar.after(day, 1)) {
    if (!calendar.isWorkingDay(day)) continue;
    for (const { from, to } of hours.spans) {
      const begin = Math.max(at, momentOf(day, from));
      const open = momentOf(day, to) - begin;
      if (open <= 0) continue;
      if (left <= open) return begin + left;
      left -= open;
    }
  }
}

function minutes(hour: string, minute: string): number {
  return Number(hour) * 60 + Number(minute);
}
