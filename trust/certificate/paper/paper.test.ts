import { deflateRawSync } from 'node:zlib';
import { assert, asyncProperty, constantFrom, property, string, subarray } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SUITE_NAMES, type SuiteName } from '../../suites.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../testing/index.ts';
import { issueCertificate, presentCertificate, verifyCertificate } from '../certificate.ts';
import { bindSdJwt } from '../sd-jwt/key-binding.ts';
import { disclosedIn } from '../sd-jwt/present.ts';
import { exampleContent, ISSUED_AT, nestedContent } from '../testing/example-content.ts';
import { encodeBase45 } from './base45.ts';
import dictionary from './dictionary.json' with { type: 'json' };
import { isPaperCertificate, readPaperCertificate, writePaperCertificate } from './paper.ts';

const DICTIONARY = Buffer.from(dictionary.parts.join(''));
const regions = new Map<SuiteName, ThrowawayRegion>();
let text: string;

beforeAll(async () => {
  for (const suite of SUITE_NAMES) regions.set(suite, await throwawayRegion('150626', { suite, now: ISSUED_AT }));
  text = await issueCertificate(regions.get('ES256')!.certificate, exampleContent(), ISSUED_AT);
});

describe.each(SUITE_NAMES)('a certificate of %s on paper', (suite) => {
  it('verifies with nothing but the statement of its issuer', async () => {
    const { certificate: signer, statement } = regions.get(suite)!;
    const qr = writePaperCertificate(await issueCertificate(signer, exampleContent(), ISSUED_AT));
    expect(qr).toMatch(/^TONGBAN-C:[0-9A-Z $%*+\-./:]+$/);
    expect(isPaperCertificate(qr)).toBe(true);
    const verified = verifyCertificate(readPaperCertificate(qr), { statementOf: () => statement, now: ISSUED_AT });
    expect(verified).toMatchObject({ status: 'valid', certificate: { holder: { name: '示例餐饮有限公司' } } });
  });

  it('is much smaller than its text, and every presentation of it comes back to the letter', async () => {
    const whole = await issueCertificate(regions.get(suite)!.certificate, nestedContent(), ISSUED_AT);
    expect(writePaperCertificate(whole).length).toBeLessThan(whole.length * 0.6);
    const names = disclosedIn(whole).map((pointer) => pointer.slice(1).replace(/^field_/, ''));
    assert(
      property(subarray(names), (fields) => {
        const presentation = presentCertificate(whole, fields);
        expect(readPaperCertificate(writePaperCertificate(presentation))).toBe(presentation);
      }),
      { numRuns: 30 },
    );
  });
});

describe('what goes on paper', () => {
  it('may be any text, of any script', async () => {
    const word = string({ unit: 'binary', minLength: 1, maxLength: 200 }).filter((one) => one.isWellFormed());
    await assert(
      asyncProperty(word, constantFrom(...SUITE_NAMES), async (business_items, suite) => {
        const { fields } = exampleContent();
        const content = exampleContent({ fields: { ...fields, business_items } });
        const issued = await issueCertificate(regions.get(suite)!.certificate, content, ISSUED_AT).catch(() => text);
        expect(readPaperCertificate(writePaperCertificate(issued))).toBe(issued);
      }),
      { numRuns: 30 },
    );
  });

  it('is no proof of the holder, which counts for a moment', async () => {
    const holder = regions.get('Ed25519')!.certificate;
    const content = exampleContent({ holderKey: holder.publicJwk });
    const made = await issueCertificate(regions.get('ES256')!.certificate, content, ISSUED_AT);
    const bound = await bindSdJwt(made, holder, { audience: 'window', nonce: '1' }, ISSUED_AT);
    expect(() => writePaperCertificate(bound)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });

  it('is nothing that a QR code does not hold', async () => {
    const { fields } = exampleContent();
    const business_items = Array.from({ length: 3000 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('');
    const content = exampleContent({ fields: { ...fields, business_items } });
    const large = await issueCertificate(regions.get('ES256')!.certificate, content, ISSUED_AT);
    expect(() => writePaperCertificate(large)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
    const regular = exampleContent({
      fields: { ...fields, business_items: '示'.repeat(4000), residence: '例'.repeat(500) },
    });
    const inflating = await issueCertificate(regions.get('ES256')!.certificate, regular, ISSUED_AT);
    expect(readPaperCertificate(writePaperCertificate(inflating))).toBe(inflating);
  });

  it.each([
    ['no certificate', () => 'no certificate'],
    ['a certificate without its tildes', () => text.slice(0, text.indexOf('~'))],
    [
      'a signature that is not canonical base64url',
      () => text.replace(/\.([\w-]+)~/, (_, part) => `.${looser(part)}~`),
    ],
  ])('is not %s', (_, given) => {
    expect(() => writePaperCertificate(given())).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
  });
});

describe('a code on paper that is not ours', () => {
  const part = (bytes: Uint8Array) => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
  const deflated = (body: Uint8Array) => deflateRawSync(body, { dictionary: DICTIONARY });
  const coded = (...bytes: Uint8Array[]) => `TONGBAN-C:${encodeBase45(Buffer.concat(bytes))}`;
  const V1 = Buffer.of(1);
  const three = Buffer.concat([part(Buffer.from('{}')), part(Buffer.from('{}')), part(Buffer.alloc(64))]);

  it('is read when it is well made, whoever made it', () => {
    expect(readPaperCertificate(coded(V1, deflated(three)))).toBe(`e30.e30.${'A'.repeat(86)}~`);
    expect(readPaperCertificate(coded(V1, deflateRawSync(three)))).toBe(`e30.e30.${'A'.repeat(86)}~`);
  });

  it.each([
    ['is a web address', () => 'https://certificates.example.com/TONGBAN-C:BB8'],
    ['is a reference', () => 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI'],
    ['has a prefix in small letters', () => writePaperCertificate(text).replace('TONGBAN', 'tongban')],
    ['is empty', () => 'TONGBAN-C:'],
    ['is longer than any QR code', () => coded(V1, deflated(three)).padEnd(4297, '0')],
    ['is not base45', () => `${writePaperCertificate(text)}a`],
    ['ends in a line break', () => `${writePaperCertificate(text)}\n`],
    ['has a character more', () => `${writePaperCertificate(text)}0`],
    ['lacks its end', () => writePaperCertificate(text).slice(0, -9)],
    ['is of another version', () => coded(Buffer.of(2), deflated(three))],
    ['is not compressed', () => coded(V1, three)],
    ['has bytes after its end', () => coded(V1, deflated(three), Buffer.of(0))],
    ['is a bomb', () => coded(V1, deflated(Buffer.alloc(1024 * 1024)))],
    ['ends within a length', () => coded(V1, deflated(Buffer.concat([three, Buffer.of(0)])))],
    ['ends within a part', () => coded(V1, deflated(Buffer.concat([three, Buffer.of(0, 9, 1)])))],
    ['has no signature', () => coded(V1, deflated(three.subarray(0, 8)))],
    ['has an empty part', () => coded(V1, deflated(Buffer.concat([part(Buffer.alloc(0)), three])))],
  ])('is refused when it %s', (_, given) => {
    expect(() => readPaperCertificate(given())).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
  });

  it('proves nothing with any letter of it changed', () => {
    const { statement } = regions.get('ES256')!;
    const qr = writePaperCertificate(text);
    for (let at = 10; at < qr.length; at += 37) {
      const other = qr[at] === '0' ? '1' : '0';
      const changed = qr.slice(0, at) + other + qr.slice(at + 1);
      expect(() =>
        verifyCertificate(readPaperCertificate(changed), { statementOf: () => statement, now: ISSUED_AT }),
      ).toThrow(expect.objectContaining({ name: 'VerificationError' }));
    }
  });
});

/** Another text of the same bytes: the bits that the last character has too many are set. */
function looser(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1)!) + 1]!;
}
