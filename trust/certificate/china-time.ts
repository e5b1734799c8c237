const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;
/** Printed as the end of validity when there is none. */
const LONG_TERM = '长期';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days between 1 March of year 0 and 1970-01-01: years that end in February have their leap day last. */
const EPOCH_DAYS = 719_468;
const DAYS_IN_400_YEARS = 146_097;

/** `YYYY-MM-DD` in China. By arithmetic, since verifying writes two of them and a `Date` costs as much as a hash. */
export function chinaDate(ms: number): string {
  const days = Math.floor((ms + CHINA_OFFSET_MS) / DAY_MS) + EPOCH_DAYS;
  const cycle = Math.floor(days / DAYS_IN_400_YEARS);
  const day = days - cycle * DAYS_IN_400_YEARS;
  const year = Math.floor((day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365);
  const ofYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  const date = ofYear - Math.floor((153 * march + 2) / 5) + 1;
  return `${cycle * 400 + year + (month <= 2 ? 1 : 0)}-${month < 10 ? '0' : ''}${month}-${date < 10 ? '0' : ''}${date}`;
}

/** `YYYY-MM-DDThh:mm:ss+08:00`. */
export function chinaTime(ms: number): string {
  return `${new Date(ms + CHINA_OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

const CHINA_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/;

/** Milliseconds of what {@link chinaTime} wrote; NaN for any other text. */
export function readChinaTime(text: string): number {
  // A time at the end of what a Date can hold has no text eight hours later.
  const ms = CHINA_TIME.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(ms) && chinaTime(ms) === text ? ms : Number.NaN;
}

/** The last day of validity; the end itself is the first moment after it. */
export function lastDayOf(endMs: number | undefined): string {
  return endMs === undefined ? LONG_TERM : chinaDate(endMs - 1);
}
