import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkCertificateReference,
  formatCertificateReference,
  mintCertificateReference,
  parseCertificateReference,
} from './certificate-reference.ts';

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
const REFERENCE = 'AAAAAAAAAAAAAAAAAAAAAAAAAA';

/** The published example of RFC 4648, section 10, and the ends of the range. */
test.each([
  [Buffer.from('foobarfoobarfoob'), 'MZXW6YTBOJTG633CMFZGM33PMI'],
  [Buffer.alloc(16), REFERENCE],
  [Buffer.alloc(16, 0xff), `${'7'.repeat(25)}4`],
])('%o is written as base32', (from, to) => {
  expect(mintCertificateReference(from)).toBe(to);
});

describe('the text of a QR code', () => {
  test('is read as it was written, and has characters of the alphanumeric mode only', () => {
    fc.assert(
      fc.property(bytes, (random) => {
        const named = { region: '150626', reference: mintCertificateReference(random) };
        const text = formatCertificateReference(named);
        expect(text).toMatch(/^[0-9A-Z:]{41}$/);
        expect(parseCertificateReference(text)).toEqual({ ok: true, value: named });
      }),
    );
  });

  test('differs for different bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        expect(mintCertificateReference(one) === mintCertificateReference(other)).toBe(
          Buffer.from(one).equals(Buffer.from(other)),
        );
      }),
    );
  });

  test.each([
    ['https://evil.example/verify?c=TONGBAN:150626:AAAAAAAAAAAAAAAAAAAAAAAAAA', 'is an address of something else'],
    [`http:150626:${REFERENCE}`, 'is an address of something else'],
    ['javascript:alert(1)', 'is an address of something else'],
    [`tongban:150626:${REFERENCE}`, 'is an address of something else'],
    [`TONGBAN://150626/${REFERENCE}`, 'must be TONGBAN:REGION:REFERENCE'],
    [`TONGBAN:150626:${REFERENCE}:1`, 'must be TONGBAN:REGION:REFERENCE'],
    [REFERENCE, 'must be TONGBAN:REGION:REFERENCE'],
    ['', 'must be TONGBAN:REGION:REFERENCE'],
    [`TONGBAN:999999:${REFERENCE}`, 'names no region'],
    [`TONGBAN:evil.example:${REFERENCE}`, 'names no region'],
    [`TONGBAN:150626:${REFERENCE.toLowerCase()}`, 'must be the 26 characters'],
    [`TONGBAN:150626:${REFERENCE}A`, 'must be the 26 characters'],
    [`TONGBAN:150626:${REFERENCE.slice(1)}B`, 'must be the 26 characters'],
    [`TONGBAN:150626:${REFERENCE.slice(1)}1`, 'must be the 26 characters'],
    [`TONGBAN:150626:${REFERENCE}\n`, 'must be the 26 characters'],
  ])('%j is refused: %s', (text, reason) => {
    const read = parseCertificateReference(text);
    expect(read).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });
});

test('a reference has one spelling', () => {
  expect(checkCertificateReference(REFERENCE)).toEqual({ ok: true });
  expect(checkCertificateReference(`${REFERENCE.slice(1)}B`).ok).toBe(false);
});

test('a reference is made of 16 bytes', () => {
  expect(() => mintCertificateReference(Buffer.alloc(15))).toThrow(RangeError);
});
