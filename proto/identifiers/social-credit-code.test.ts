import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSocialCreditCode } from './social-credit-code.ts';

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
/** The weights printed in GB 32100, table 3. */
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/** The example of GB 32100, three large companies, a department of Shandong, the State Council, a department of Jilin. */
const PUBLISHED = [
  '91350100M000100Y43',
  '9144030071526726XG',
  '91330100799655058B',
  '914403001922038216',
  '11370800MB28559184',
  '11100000000013338W',
  '11220000013544541J',
];

const character = fc.constantFrom(...ALPHABET);
const socialCreditCodes = fc
  .tuple(
    fc.string({ unit: character, minLength: 2, maxLength: 2 }),
    fc.integer({ min: 100000, max: 999999 }),
    fc.string({ unit: character, minLength: 9, maxLength: 9 }),
  )
  .map(([kind, region, organization]) => {
    const body = `${kind}${region}${organization}`;
    const sum = WEIGHTS.reduce((total, weight, at) => total + weight * ALPHABET.indexOf(body.charAt(at)), 0);
    return body + ALPHABET.charAt((31 - (sum % 31)) % 31);
  });

describe('a social credit code', () => {
  test.each(PUBLISHED)('is good when it is a published example: %s', (code) => {
    expect(checkSocialCreditCode(code)).toEqual({ ok: true });
  });

  test('is good whenever its check character is computed by the weights of the standard', () => {
    fc.assert(fc.property(socialCreditCodes, (code) => checkSocialCreditCode(code).ok));
  });

  test('is refused after any change of one character', () => {
    fc.assert(
      fc.property(socialCreditCodes, fc.nat(17), character, (code, at, other) => {
        fc.pre(code.charAt(at) !== other);
        expect(checkSocialCreditCode(code.slice(0, at) + other + code.slice(at + 1)).ok).toBe(false);
      }),
    );
  });

  test('is refused after any swap of two neighbours', () => {
    fc.assert(
      fc.property(socialCreditCodes, fc.nat(16), (code, at) => {
        const [a, b] = [code.charAt(at), code.charAt(at + 1)];
        fc.pre(a !== b);
        expect(checkSocialCreditCode(code.slice(0, at) + b + a + code.slice(at + 2)).ok).toBe(false);
      }),
    );
  });

  test.each([
    ['91350100m000100y43', 'use capital letters'],
    ['91350100MO00100Y43', 'must not contain the letters I, O, Z, S or V'],
    ['9135-100M000100Y43', 'must consist of digits and capital letters'],
    ['9135A100M000100Y43', 'must have a region part of six digits at places 3 to 8'],
    ['91350100M000100Y44', 'has a check character that does not fit; a character is mistyped'],
    ['91350100M000100Y4', 'must be 18 characters'],
    [' 91350100M000100Y43', 'must be 18 characters'],
  ])('%s is refused with its reason', (code, reason) => {
    expect(checkSocialCreditCode(code)).toEqual({ ok: false, reason });
  });
});
