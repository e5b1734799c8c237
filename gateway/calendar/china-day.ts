/** A day in China, as the number of days since 1 January 1970. */
export type ChinaDay = number;

const DAY_MS = 24 * 60 * 60 * 1000;
/** China has one time zone and no summer time (Asia/Shanghai since 1991). */
const OFFSET_MS = 8 * 60 * 60 * 1000;

/** The day of a moment. @param at milliseconds */
export function dayOf(at: number): ChinaDay {
  return Math.floor((at + OFFSET_MS) / DAY_MS);
}

/** When a day begins, in milliseconds; a number of minutes later with `minutes`. */
export function momentOf(day: ChinaDay, minutes = 0): number {
  return day * DAY_MS - OFFSET_MS + minutes * 60_000;
}

/** A day as in `2026-12-01`. */
export function dayText(day: ChinaDay): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Reads a day such as `2026-12-01`; undefined for what is none. */
export function parseDay(text: string): ChinaDay | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const day = Date.parse(`${text}T00:00:00Z`) / DAY_MS;
  return Number.isInteger(day) && dayText(day) === text ? day : undefined;
}
