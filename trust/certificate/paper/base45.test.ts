import { assert, property, string, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase45, encodeBase45 } from './base45.ts';

describe('base45', () => {
  it.each([
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
    ['', ''],
  ])('writes %j as RFC 9285 does', (text, encoded) => {
    expect(encodeBase45(Buffer.from(text))).toBe(encoded);
    expect(decodeBase45(encoded)?.toString()).toBe(text);
  });

  it('gives all bytes back, in characters of a QR code, and never ends in a space that somebody trims', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), (bytes) => {
        const text = encodeBase45(bytes);
        expect(text).toMatch(/^[0-9A-Z $%*+\-./:]*$/);
        expect(text).not.toMatch(/ $/);
        expect(decodeBase45(text)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('has one text for the same bytes: every other text is refused', () => {
    assert(
      property(string({ unit: 'binary-ascii', maxLength: 12 }), (text) => {
        const bytes = decodeBase45(text);
        if (bytes) expect(encodeBase45(bytes)).toBe(text);
      }),
    );
  });

  it.each([
    ['a byte too large', ':5'],
    ['two bytes too large', 'GGX'],
    ['the largest of its alphabet', ':::'],
    ['a character left over', 'BB8A'],
    ['a small letter', 'bb8'],
    ['what no alphabet has', 'BB\u{20bb7}'],
    ['a line break', 'BB8\n'],
  ])('refuses %s', (_, text) => {
    expect(decodeBase45(text)).toBeUndefined();
  });
});
