import { type Check, failed, passed } from './check.ts';

/** GB 32100 leaves out I, O, Z, S and V, which are easily misread; a character's value is its place here. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** The values by code unit, since every certificate that is verified has such codes. */
const VALUES = Uint8Array.from({ length: 128 }, (_, unit) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(unit))));
/** Of the places: 3^0 to 3^16 modulo 31, and 1 for the check character. */
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1];

const FORM = /^[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$/;

/**
 * Checks a unified social credit code (统一社会信用代码, GB 32100): registering department 1, kind 1, region 6 digits,
 * organization code 9, check character 1 (MOD 31 with the weights 3^0 to 3^16). Nothing is repaired.
 */
export function checkSocialCreditCode(value: string): Check {
  if (!FORM.test(value)) return failed(faultOfForm(value));
  let sum = 0;
  for (let place = 0; place < 18; place += 1) sum += VALUES[value.charCodeAt(place)]! * WEIGHTS[place]!;
  return sum % 31 === 0 ? passed : failed('has a check character that does not fit; a character is mistyped');
}

function faultOfForm(value: string): string {
  if (value.length !== 18) return 'must be 18 characters';
  if (/[a-z]/.test(value)) return 'use capital letters';
  if (/[IOZSV]/.test(value)) return 'must not contain the letters I, O, Z, S or V';
  if (!/^[0-9A-Z]{18}$/.test(value)) return 'must consist of digits and capital letters';
  return 'must have a region part of six digits at places 3 to 8';
}
