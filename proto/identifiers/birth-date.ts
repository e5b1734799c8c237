import { type Check, failed, passed } from './check.ts';

/** The standard's own second example was born in 1880; earlier dates are typing errors. */
const EARLIEST_YEAR = 1880;
/** Without a clock the future cannot be told, but a year like 2900 is still a typing error. */
const LATEST_YEAR = 2099;
const BEIJING_OFFSET_MS = 8 * 60 * 60 * 1000;

/**
 * Checks a date of birth written as eight digits, YYYYMMDD (GB/T 7408).
 * @param digits eight decimal digits
 * @param nowMs the present in ms since 1970; when given, a birth after that day in Beijing is refused
 */
export function checkBirthDate(digits: string, nowMs?: number): Check {
  const year = Number(digits.slice(0, 4));
  const month = Number(digits.slice(4, 6));
  const day = Number(digits.slice(6, 8));
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists) return failed('contains a date of birth that does not exist');
  if (year < EARLIEST_YEAR || year > LATEST_YEAR) return failed('contains a date of birth that is not plausible');
  if (nowMs !== undefined && date.getTime() > nowMs + BEIJING_OFFSET_MS) {
    return failed('contains a date of birth in the future');
  }
  return passed;
}
