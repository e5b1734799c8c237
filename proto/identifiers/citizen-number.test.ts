import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCitizenNumber } from './citizen-number.ts';

/** The two examples of GB 11643 and one that is widely printed. */
const PUBLISHED = ['11010519491231002X', '440524188001010014', '34052419800101001X'];
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

const pad = (value: number, width: number) => String(value).padStart(width, '0');
const citizenNumbers = fc
  .tuple(
    fc.integer({ min: 100000, max: 899999 }),
    fc.date({ min: new Date('1880-01-01'), max: new Date('2025-12-31'), noInvalidDate: true }),
    fc.nat(999),
  )
  .map(([region, birth, sequence]) => {
    const body = `${region}${birth.toISOString().slice(0, 10).replaceAll('-', '')}${pad(sequence, 3)}`;
    const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(body.charAt(at)), 0);
    return body + '10X98765432'.charAt(sum % 11);
  });

describe('a citizen number', () => {
  test.each(PUBLISHED)('is good when it is a published example: %s', (number) => {
    expect(checkCitizenNumber(number)).toEqual({ ok: true });
  });

  test('is good whenever its check character is computed by the weights of the standard', () => {
    fc.assert(fc.property(citizenNumbers, (number) => checkCitizenNumber(number).ok));
  });

  test('is refused after any change of one character', () => {
    fc.assert(
      fc.property(citizenNumbers, fc.nat(17), fc.constantFrom(...'0123456789X'), (number, at, other) => {
        fc.pre(number.charAt(at) !== other);
        expect(checkCitizenNumber(number.slice(0, at) + other + number.slice(at + 1)).ok).toBe(false);
      }),
    );
  });

  test('is refused after any swap of two neighbours', () => {
    fc.assert(
      fc.property(citizenNumbers, fc.nat(16), (number, at) => {
        const [a, b] = [number.charAt(at), number.charAt(at + 1)];
        fc.pre(a !== b);
        expect(checkCitizenNumber(number.slice(0, at) + b + a + number.slice(at + 2)).ok).toBe(false);
      }),
    );
  });

  test('is never repaired', () => {
    const good = PUBLISHED[0]!;
    expect(checkCitizenNumber(good.toLowerCase())).toEqual({ ok: false, reason: 'use capital X' });
    for (const variant of [` ${good}`, `${good} `, `${good}\n`, good.replace('1', '１'), good.slice(0, 17), '']) {
      expect(checkCitizenNumber(variant).ok).toBe(false);
    }
  });

  test.each([
    ['11010519490229002X', 'contains a date of birth that does not exist'],
    ['110105194913310021', 'contains a date of birth that does not exist'],
    ['110105187912310021', 'contains a date of birth that is not plausible'],
    ['110105210012310021', 'contains a date of birth that is not plausible'],
    ['1101A519491231002X', 'must begin with a region part of six digits'],
    ['01010519491231002X', 'must begin with a region part whose first digit is 1 to 8'],
    ['91010519491231002X', 'must begin with a region part whose first digit is 1 to 8'],
    ['1101051949123100X2', 'must be 17 digits and a check character 0-9 or X'],
    ['110105194912310021', 'has a check character that does not fit; a character is mistyped'],
    ['110105491231002', 'must be 18 characters'],
  ])('%s is refused with its reason', (number, reason) => {
    expect(checkCitizenNumber(number)).toEqual({ ok: false, reason });
  });

  test('may not be born after today in Beijing when the present is known', () => {
    const bornOnNewYearsEve = PUBLISHED[0]!;
    const midnightInBeijing = Date.UTC(1949, 11, 30, 16);
    expect(checkCitizenNumber(bornOnNewYearsEve, midnightInBeijing).ok).toBe(true);
    expect(checkCitizenNumber(bornOnNewYearsEve, midnightInBeijing - 1)).toEqual({
      ok: false,
      reason: 'contains a date of birth in the future',
    });
  });
});
