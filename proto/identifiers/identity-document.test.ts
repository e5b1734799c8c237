import { describe, expect, test } from 'vitest';
import { checkIdentityDocument, identityDocumentTypes, isIdentityDocumentType } from './identity-document.ts';

describe('the number of an identity document', () => {
  test.each([
    ['citizen-number', '11010519491231002X'],
    ['social-credit-code', '91350100M000100Y43'],
    ['passport', 'E00000000'],
    ['passport', 'EA0000000'],
    ['passport', 'L898902C3'],
    ['hongkong-macao-permit', 'H00000000'],
    ['hongkong-macao-permit', 'M0000000001'],
    ['taiwan-permit', '00000000'],
    ['taiwan-permit', '0000000001'],
    ['foreign-permanent-residence', 'USA110000010101'],
    // The two specimens that the immigration administration published with the card of 2023.
    ['foreign-permanent-residence', '911124198108030024'],
    ['foreign-permanent-residence', '932682198501010017'],
  ] as const)('%s accepts %s', (type, number) => {
    expect(checkIdentityDocument(type, number)).toEqual({ ok: true });
  });

  test.each([
    ['citizen-number', '11010519491231002x', 'use capital X'],
    ['citizen-number', '932682198501010017', 'must begin with a region part whose first digit is 1 to 8'],
    ['social-credit-code', '91350100M000100Y44', 'has a check character that does not fit; a character is mistyped'],
    ['passport', 'e00000000', 'use capital letters'],
    ['passport', 'E000000000', 'must be 5 to 9 digits and capital letters'],
    ['passport', 'ABCDEFGH', 'must contain a digit'],
    ['hongkong-macao-permit', 'C00000000', 'must begin with capital H or M'],
    ['hongkong-macao-permit', 'H000000000', 'must have 8 or 10 digits after the letter'],
    ['taiwan-permit', '000000000', 'must be 8 or 10 digits'],
    ['foreign-permanent-residence', 'US1110000010101', 'must be 3 capital letters and 12 digits'],
    ['foreign-permanent-residence', '11010519491231002X', 'must begin with 9 when it has 18 characters'],
    ['foreign-permanent-residence', '93268219850101001x', 'use capital X'],
    ['foreign-permanent-residence', '9326821985', 'must be 18 characters, or 15 on the card before 2023'],
    ['foreign-permanent-residence', '932682198513010017', 'contains a date of birth that does not exist'],
    [
      'foreign-permanent-residence',
      '932682198501010071',
      'has a check character that does not fit; a character is mistyped',
    ],
  ] as const)('%s refuses %s with its reason', (type, number, reason) => {
    expect(checkIdentityDocument(type, number)).toEqual({ ok: false, reason });
  });

  test('is dated before the present when that is known', () => {
    const before = Date.UTC(1940, 0, 1);
    const refused = { ok: false, reason: 'contains a date of birth in the future' };
    expect(checkIdentityDocument('citizen-number', '11010519491231002X', before)).toEqual(refused);
    expect(checkIdentityDocument('foreign-permanent-residence', '932682198501010017', before)).toEqual(refused);
    expect(checkIdentityDocument('taiwan-permit', '00000000', before).ok).toBe(true);
  });
});

test('only the listed types are types', () => {
  expect(identityDocumentTypes).toEqual([
    'citizen-number',
    'passport',
    'hongkong-macao-permit',
    'taiwan-permit',
    'foreign-permanent-residence',
    'social-credit-code',
  ]);
  expect(identityDocumentTypes.every(isIdentityDocumentType)).toBe(true);
  expect(isIdentityDocumentType('toString')).toBe(false);
});
