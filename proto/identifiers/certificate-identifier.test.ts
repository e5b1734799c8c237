import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatCertificateIdentifier,
  mintCertificateIdentifier,
  parseCertificateIdentifier,
  verifyCertificateIdentifier,
} from './certificate-identifier.ts';

const KNOWN = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
const KNOWN_PARTS = {
  typeCode: '11100000000013338W032',
  issuerCode: '11220000013544541J',
  serial: '2430599',
  version: '001',
};
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const serials = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 64 });
const minted = fc.tuple(serials, fc.nat(999)).map(([serial, version]) => {
  const made = mintCertificateIdentifier({ ...KNOWN_PARTS, serial, version: String(version).padStart(3, '0') });
  if (!made.ok) throw new Error(made.reason);
  return made.value;
});

describe('a certificate identifier', () => {
  test('of a real certificate verifies, and minting its parts gives it again', () => {
    expect(verifyCertificateIdentifier(KNOWN)).toEqual({ ok: true });
    expect(mintCertificateIdentifier(KNOWN_PARTS)).toEqual({ ok: true, value: KNOWN });
    expect(parseCertificateIdentifier(KNOWN)).toEqual({ ok: true, value: { ...KNOWN_PARTS, checkCharacter: 'F' } });
  });

  test('verifies once minted, and is the same after parsing and formatting', () => {
    fc.assert(
      fc.property(minted, (text) => {
        expect(verifyCertificateIdentifier(text)).toEqual({ ok: true });
        const parsed = parseCertificateIdentifier(text);
        expect(parsed.ok && formatCertificateIdentifier(parsed.value)).toBe(text);
      }),
    );
  });

  test('is refused after any change of one character', () => {
    fc.assert(
      fc.property(minted, fc.nat(), fc.constantFrom(...ALPHABET, '.'), (text, place, other) => {
        const at = place % text.length;
        fc.pre(text.charAt(at) !== other);
        expect(verifyCertificateIdentifier(text.slice(0, at) + other + text.slice(at + 1)).ok).toBe(false);
      }),
    );
  });

  test('is refused after any swap of neighbours that do not follow each other in the alphabet', () => {
    fc.assert(
      fc.property(minted, fc.nat(), (text, place) => {
        const at = place % (text.length - 1);
        const [a, b] = [text.charAt(at), text.charAt(at + 1)];
        const distance = Math.abs(ALPHABET.indexOf(a) - ALPHABET.indexOf(b));
        fc.pre(distance > 1 && distance < 35);
        expect(verifyCertificateIdentifier(text.slice(0, at) + b + a + text.slice(at + 2)).ok).toBe(false);
      }),
    );
  });

  test.each([
    [{ typeCode: '11100000000013338W32' }, 'type must be a social credit code and three digits'],
    [{ typeCode: '11100000000013338X032' }, /^type: the defining authority's social credit code has a check/],
    [{ issuerCode: '11220000013544541K' }, /^issuer: the social credit code has a check/],
    [{ serial: '' }, 'serial must consist of digits and capital letters'],
    [{ serial: '24a' }, 'serial must consist of digits and capital letters'],
    [{ serial: '1.2' }, 'serial must consist of digits and capital letters'],
    [{ serial: '1'.repeat(65) }, 'serial must be at most 64 characters'],
    [{ version: '1' }, 'version must be three digits'],
  ])('is not minted from %j', (wrong, reason) => {
    const made = mintCertificateIdentifier({ ...KNOWN_PARTS, ...wrong });
    expect(made).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test.each([
    ['1.2.156.3005.3.11100000000013338W032.11220000013544541J.2430599.001.F', /^must begin with 1\.2\.156\.3005\.2\./],
    ['1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001', /^must have five parts/],
    [`${KNOWN}.1`, /^must have five parts/],
    ['1.2.156.3005.2.11100000000013338W032.11220000013544541J..001.F', /^must have five parts/],
    [KNOWN.toLowerCase(), /^must have parts of digits and capital letters only/],
    [`${KNOWN} `, /^must have parts of digits and capital letters only/],
    [`${KNOWN.slice(0, -1)}G`, /^has a check character that does not fit/],
    [`${KNOWN}F`, /^has a check character that does not fit/],
  ])('%s is refused with its reason', (text, reason) => {
    expect(verifyCertificateIdentifier(text)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('that deviates can still be read, so that an import may flag it', () => {
    const deviating = '1.2.156.3005.2.OLDTYPE.ISSUER1.77.1.0';
    expect(parseCertificateIdentifier(deviating).ok).toBe(true);
    expect(verifyCertificateIdentifier(deviating).ok).toBe(false);
  });
});
