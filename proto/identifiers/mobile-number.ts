import { type Check, failed, passed } from './check.ts';

/** Checks a mainland mobile number (手机号码): eleven digits from 13 to 19, without country code, spaces or dashes. */
export function checkMobileNumber(value: string): Check {
  if (!/^[0-9]+$/.test(value)) return failed('must consist of digits only, without country code, spaces or dashes');
  if (value.length !== 11) return failed('must be 11 digits');
  if (!/^1[3-9]/.test(value)) return failed('must begin with 13 to 19');
  return passed;
}
