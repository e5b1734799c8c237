import { checkBirthDate } from './birth-date.ts';
import { type Check, failed, passed } from './check.ts';
import { mod11Radix2 } from './iso7064.ts';

/**
 * Checks a citizen number (公民身份号码, GB 11643): region 6, date of birth 8, sequence 3, check character 1
 * (ISO 7064 MOD 11-2). The residence permits of Hong Kong, Macao and Taiwan residents (港澳台居民居住证) follow the
 * same rule. Nothing is repaired: a lower-case `x` is refused.
 *
 * The region part is only checked for its form: it names where the person was first registered, and many of those
 * places have left the table since. It begins with 1 to 8; a 9 marks a foreigner (外国人永久居留身份证).
 * @param nowMs the present in ms since 1970; when given, births in the future are refused too
 */
export function checkCitizenNumber(value: string, nowMs?: number): Check {
  if (value.length !== 18) return failed('must be 18 characters');
  if (value.endsWith('x')) return failed('use capital X');
  if (!/^[0-9]{6}/.test(value)) return failed('must begin with a region part of six digits');
  if (!/^[1-8]/.test(value)) return failed('must begin with a region part whose first digit is 1 to 8');
  return checkDatedNumber(value, nowMs);
}

/** What citizen numbers and the foreigners' numbers of 2023 share: date of birth at 7–14, MOD 11-2 at 18. */
export function checkDatedNumber(value: string, nowMs?: number): Check {
  if (!/^[0-9]{17}[0-9X]$/.test(value)) return failed('must be 17 digits and a check character 0-9 or X');
  const birth = checkBirthDate(value.slice(6, 14), nowMs);
  if (!birth.ok) return birth;
  if (mod11Radix2(value.slice(0, 17)) !== value.charAt(17)) {
    return failed('has a check character that does not fit; a character is mistyped');
  }
  return passed;
}
