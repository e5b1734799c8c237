import { type Check, failed, passed } from './check.ts';

/** GB 32100 leaves out I, O, Z, S and V, which are easily misread; a character's value is its place here. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** The values by code unit, since every certificate that is verified has such codes. */
const VALUES = Uint8Array.from({ length: 128 }, (_, unit) => Math.max(0, ALPHABET.indexOf(String.fromCharCode(unit))));

const FORM = /^[0-9A-HJ-NP-RTUW-Y]{2}[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{10}$/;

/**
 * Checks a unified social credit code (统一社会信用代码, GB 32100): registering department 1, kind 1, region 6 digits,
 * organization code 9, check character 1 (MOD 31 with the weights 3^0 to 3^16). Nothing is repaired.
 */
export function checkSocialCreditCode(value: string): Check {
  if (!FORM.test(value)) return failed(faultOfForm(value));
  if (checkCharacter(value.slice(0, 17)) !== value.charAt(17)) {
    return failed('has a check character that does not fit; a character is mistyped');
  }
  return passed;
}

function faultOfForm(value: string): string {
  if (value.length !== 18) return 'must be 18 characters';
  if (/[a-z]/.test(value)) return 'use capital letters';
  if (/[IOZSV]/.test(value)) return 'must not contain the letters I, O, Z, S or V';
  if (!/^[0-9A-Z]{18}$/.test(value)) return 'must consist of digits and capital letters';
  return 'must have a region part of six digits at places 3 to 8';
}

function checkCharacter(body: string): string {
  let sum = 0;
  let weight = 1;
  for (let place = 0; place < body.length; place += 1) {
    sum += VALUES[body.charCodeAt(place)]! * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET.charAt((31 - (sum % 31)) % 31);
}
