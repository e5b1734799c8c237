import { type Check, failed, passed } from './check.ts';
import { checkSocialCreditCode } from './social-credit-code.ts';

const MAX_LENGTH = 64;

/** What an item code looks like: the two national forms, or any other. */
export type ItemCodeKind = 'national-31' | 'national-33' | 'opaque';

/** Checks an item code (事项编码). It is opaque to the gateway: 1 to 64 printable ASCII characters, no white space. */
export function checkItemCode(code: string): Check {
  if (code.length === 0) return failed('must not be empty');
  if (code.length > MAX_LENGTH) return failed(`must be at most ${MAX_LENGTH} characters`);
  if (/\s/.test(code)) return failed('must not contain white space');
  if (!/^[\x21-\x7e]+$/.test(code)) return failed('must consist of printable ASCII characters');
  return passed;
}

/**
 * Recognises the national forms: social credit code 18, level 1, basic code 12 (基本编码), and with two more digits the
 * handled variant (办理项). Only a hint for people and for a region's own validators; every other code is as good.
 */
export function recogniseItemCode(code: string): ItemCodeKind {
  if (!/^[0-9A-Z]{18}[0-9]{13}(?:[0-9]{2})?$/.test(code)) return 'opaque';
  if (!checkSocialCreditCode(code.slice(0, 18)).ok) return 'opaque';
  return code.length === 31 ? 'national-31' : 'national-33';
}
