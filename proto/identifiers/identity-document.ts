import { type Check, failed, passed } from './check.ts';
import { checkCitizenNumber, checkDatedNumber } from './citizen-number.ts';
import { checkSocialCreditCode } from './social-credit-code.ts';

type NumberCheck = (value: string, nowMs?: number) => Check;

const checks = {
  /** 居民身份证, GB 11643; holder type 111 */
  'citizen-number': checkCitizenNumber,
  /** 护照, any country's */
  passport: checkPassport,
  /** 港澳居民来往内地通行证 */
  'hongkong-macao-permit': checkHongKongMacaoPermit,
  /** 台湾居民来往大陆通行证 */
  'taiwan-permit': checkTaiwanPermit,
  /** 外国人永久居留身份证 */
  'foreign-permanent-residence': checkForeignPermanentResidence,
  /** 统一社会信用代码 of a legal person, GB 32100 */
  'social-credit-code': checkSocialCreditCode,
} satisfies Record<string, NumberCheck>;

/** The documents by which applicants and holders are identified (证件类型). */
export type IdentityDocumentType = keyof typeof checks;

/** All types, in the order in which lists show them. */
export const identityDocumentTypes: readonly IdentityDocumentType[] = Object.freeze(
  Object.keys(checks) as IdentityDocumentType[],
);

/** Whether `type` is one of {@link identityDocumentTypes}. */
export function isIdentityDocumentType(type: string): type is IdentityDocumentType {
  return Object.hasOwn(checks, type);
}

/**
 * Checks the number of an identity document by its type (证件号码).
 * @param nowMs the present in ms since 1970; when given, dates of birth in the future are refused
 */
export function checkIdentityDocument(type: IdentityDocumentType, value: string, nowMs?: number): Check {
  const check: NumberCheck = checks[type];
  return check(value, nowMs);
}

/** ICAO Doc 9303 part 4 gives the number nine places; the check digit stands beside it, so only the form is known. */
function checkPassport(value: string): Check {
  if (/[a-z]/.test(value)) return failed('use capital letters');
  if (!/^[0-9A-Z]{5,9}$/.test(value)) return failed('must be 5 to 9 digits and capital letters');
  if (!/[0-9]/.test(value)) return failed('must contain a digit');
  return passed;
}

/** H or M and eight digits for the holder; the card before 2013 prints two more for the issue. No check digit. */
function checkHongKongMacaoPermit(value: string): Check {
  if (!/^[HM]/.test(value)) return failed('must begin with capital H or M');
  if (!/^.(?:[0-9]{8}|[0-9]{10})$/.test(value)) return failed('must have 8 or 10 digits after the letter');
  return passed;
}

/** Eight digits on the card since 2015; the booklet before it has ten. No check digit. */
function checkTaiwanPermit(value: string): Check {
  return /^(?:[0-9]{8}|[0-9]{10})$/.test(value) ? passed : failed('must be 8 or 10 digits');
}

/**
 * The card since December 2023 has 18 characters that begin with 9 and are checked like a citizen number; the older
 * card, valid until it expires, has three letters of the nationality and twelve digits, of which only the form is checked.
 */
function checkForeignPermanentResidence(value: string, nowMs?: number): Check {
  if (value.length === 15) {
    return /^[A-Z]{3}[0-9]{12}$/.test(value) ? passed : failed('must be 3 capital letters and 12 digits');
  }
  if (value.length !== 18) return failed('must be 18 characters, or 15 on the card before 2023');
  if (value.endsWith('x')) return failed('use capital X');
  if (!value.startsWith('9')) return failed('must begin with 9 when it has 18 characters');
  return checkDatedNumber(value, nowMs);
}
