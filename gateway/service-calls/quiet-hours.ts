import { dayOf, momentOf } from '../calendar/china-day.ts';
import type { SmsConfig } from '../config/services-config.ts';

const MINUTE_MS = 60_000;

/** When quiet hours end in which a moment lies; the moment itself when it lies in none. @param at milliseconds */
export function endOfQuiet(quiet: SmsConfig['quiet'], at: number): number {
  if (!quiet) return at;
  const today = dayOf(at);
  const minute = (at - momentOf(today)) / MINUTE_MS;
  const { from, to } = quiet;
  if (from < to) return minute >= from && minute < to ? momentOf(today, to) : at;
  if (minute >= from) return momentOf(today + 1, to);
  return minute < to ? momentOf(today, to) : at;
}
