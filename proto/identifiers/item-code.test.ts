import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkItemCode, recogniseItemCode } from './item-code.ts';

describe('an item code', () => {
  test('may be any 1 to 64 printable ASCII characters', () => {
    const printable = fc.constantFrom(
      ...Array.from({ length: 0x7f - 0x21 }, (_, at) => String.fromCharCode(0x21 + at)),
    );
    fc.assert(
      fc.property(fc.string({ unit: printable, minLength: 1, maxLength: 64 }), (code) => checkItemCode(code).ok),
    );
  });

  test.each([
    ['', 'must not be empty'],
    ['A'.repeat(65), 'must be at most 64 characters'],
    ['510100 001', 'must not contain white space'],
    ['510100\n', 'must not contain white space'],
    ['510100\u3000', 'must not contain white space'],
    ['事项001', 'must consist of printable ASCII characters'],
    ['510100\u0000', 'must consist of printable ASCII characters'],
    ['510100\u007f', 'must consist of printable ASCII characters'],
  ])('%j is refused with its reason', (code, reason) => {
    expect(checkItemCode(code)).toEqual({ ok: false, reason });
  });

  test.each([
    ['11370800MB285591843370117002011', 'national-31'],
    ['11370800MB28559184337011700201101', 'national-33'],
    ['11370800MB285591853370117002011', 'opaque'],
    ['11370800MB2855918433701170020110', 'opaque'],
    ['11370800MB28559184337011700201X', 'opaque'],
    ['510118008000-511A00100000-140-00-11510000008282439H-1-00', 'opaque'],
  ] as const)('%s is recognised as %s', (code, kind) => {
    expect(recogniseItemCode(code)).toBe(kind);
    expect(checkItemCode(code)).toEqual({ ok: true });
  });
});
