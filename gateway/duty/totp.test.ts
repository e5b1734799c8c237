import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base32, matchingStep, otpauthUri, stepAt, type TotpFactor, totpCode } from './totp.ts';

const SHA1: TotpFactor = { algorithm: 'SHA1', secret: Buffer.from('12345678901234567890') };
const SHA256: TotpFactor = { algorithm: 'SHA256', secret: Buffer.from('12345678901234567890123456789012') };

describe('a one-time code', () => {
  // RFC 6238, appendix B
  it.each([
    [59, '94287082', '46119246'],
    [1_111_111_109, '07081804', '68084774'],
    [1_111_111_111, '14050471', '67062674'],
    [1_234_567_890, '89005924', '91819424'],
    [2_000_000_000, '69279037', '90698825'],
    [20_000_000_000, '65353130', '77737706'],
  ])('is that of the RFC at %d s', (seconds, sha1, sha256) => {
    const step = stepAt(seconds * 1000);
    expect(totpCode(SHA1, step, 8)).toBe(sha1);
    expect(totpCode(SHA256, step, 8)).toBe(sha256);
    expect(totpCode(SHA1, step)).toBe(sha1.slice(2));
  });

  it('counts one step before and after its own, and not two', () => {
    const now = 1_793_000_000_000;
    const at = stepAt(now);
    for (const off of [-1, 0, 1]) expect(matchingStep(SHA1, totpCode(SHA1, at + off), 0, now)).toBe(at + off);
    for (const off of [-2, 2]) expect(matchingStep(SHA1, totpCode(SHA1, at + off), 0, now)).toBeUndefined();
  });

  it('counts once: neither its own step nor an earlier one again', () => {
    const now = 1_793_000_000_000;
    const at = stepAt(now);
    expect(matchingStep(SHA256, totpCode(SHA256, at), at, now)).toBeUndefined();
    expect(matchingStep(SHA256, totpCode(SHA256, at - 1), at, now)).toBeUndefined();
    expect(matchingStep(SHA256, totpCode(SHA256, at + 1), at, now)).toBe(at + 1);
  });

  it('of another form is none', () => {
    const now = 1_793_000_000_000;
    for (const code of ['', '12345', ' 123456', '1234567', 'abcdef'])
      expect(matchingStep(SHA1, code, 0, now)).toBeUndefined();
  });
});

describe('the secret', () => {
  // RFC 4648, section 10, without padding
  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('%j is %j in base 32', (text, expected) => {
    expect(base32(Buffer.from(text))).toBe(expected);
  });

  it('is told to a program for telephones with everything it needs', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 50, unit: 'grapheme' }), (subject) => {
        const uri = new URL(otpauthUri(SHA256, '通办 320600', subject.toWellFormed()));
        expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
        expect(decodeURIComponent(uri.pathname.slice(1))).toBe(`通办 320600:${subject.toWellFormed()}`);
        expect(Object.fromEntries(uri.searchParams)).toEqual({
          secret: base32(SHA256.secret),
          issuer: '通办 320600',
          algorithm: 'SHA256',
          digits: '6',
          period: '30',
        });
      }),
    );
  });
});
