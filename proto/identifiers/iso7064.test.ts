import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mod11Radix2, mod37Radix36 } from './iso7064.ts';

/** The weights printed in GB 11643, table A.1: the other way to compute MOD 11-2. */
const GB_11643_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const alphanumerics = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 2, maxLength: 60 });

describe('MOD 11-2', () => {
  test('gives the published check characters', () => {
    expect(mod11Radix2('0794')).toBe('0');
    expect(mod11Radix2('079')).toBe('X');
    expect(mod11Radix2('000000021825009')).toBe('7');
    expect(mod11Radix2('000000021694233')).toBe('X');
  });

  test('agrees with the weighted sum of GB 11643', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 17, maxLength: 17 }), (digits) => {
        const sum = digits.reduce((total, digit, at) => total + digit * GB_11643_WEIGHTS[at]!, 0);
        expect(mod11Radix2(digits.join(''))).toBe('10X98765432'.charAt(sum % 11));
      }),
    );
  });
});

describe('MOD 37,36', () => {
  test('gives the published check characters', () => {
    expect(mod37Radix36('A12425GABC1234002')).toBe('M');
    expect(mod37Radix36('11100000000013338W03211220000013544541J2430599001')).toBe('F');
  });

  test('changes with every single character', () => {
    fc.assert(
      fc.property(alphanumerics, fc.nat(), fc.integer({ min: 1, max: 35 }), (body, place, step) => {
        const at = place % body.length;
        const other = ALPHABET.charAt((ALPHABET.indexOf(body.charAt(at)) + step) % 36);
        expect(mod37Radix36(body.slice(0, at) + other + body.slice(at + 1))).not.toBe(mod37Radix36(body));
      }),
    );
  });

  test('changes with every swap of neighbours that do not follow each other in the alphabet', () => {
    fc.assert(
      fc.property(alphanumerics, fc.nat(), (body, place) => {
        const at = place % (body.length - 1);
        const [a, b] = [body.charAt(at), body.charAt(at + 1)];
        const distance = Math.abs(ALPHABET.indexOf(a) - ALPHABET.indexOf(b));
        fc.pre(distance > 1 && distance < 35);
        expect(mod37Radix36(body.slice(0, at) + b + a + body.slice(at + 2))).not.toBe(mod37Radix36(body));
      }),
    );
  });
});
