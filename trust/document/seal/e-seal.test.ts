import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTimestampResponse, timestampRequest } from '../../evidence/timestamp.ts';
import { type TestAuthority, testAuthority } from '../../testing/timestamp-authority.ts';
import { digest } from '../crypto/algorithms.ts';
import { readCertificate } from '../crypto/x509.ts';
import { DocumentFindings } from '../findings.ts';
import { TEST_NOW, testSigner } from '../testing/certificates.ts';
import { setSeal } from '../testing/e-seals.ts';
import { NO_OPENSSL, OPENSSL, runWith } from '../testing/openssl.ts';
import type { JudgingContext, SealedContent } from './context.ts';
import { type ESealSignature, looksLikeESeal, readESealSignature } from './e-seal.ts';
import { judgeESeal } from './judge-e-seal.ts';

const FORMS = ['GB/T 38540-2020', 'GM/T 0031-2014', 'GM/T 0031-2025'] as const;
const ID = ['-pkeyopt', 'distid:1234567812345678'];
const bytes = Buffer.from('<ofd:Signature/>');
const content: SealedContent = { digest: (hash) => digest(hash, bytes), bytes: () => bytes };
const authority = testSigner('测试根证书', { ca: true });
const signer = testSigner('测试市行政审批局', { issuer: authority });
const maker = testSigner('测试制章系统', { issuer: authority });
const trusting: JudgingContext = { now: TEST_NOW, anchors: [readCertificate(authority.der)], authorities: [] };

function judge(signature: ESealSignature, context = trusting) {
  const findings = new DocumentFindings();
  const judged = judgeESeal(signature, content, undefined, context, '', findings);
  return { judged, codes: findings.list.map(({ code }) => code).filter((code) => code !== 'revocation-unknown') };
}

describe.each(FORMS)('a seal of %s', (form) => {
  const seal = setSeal(bytes, signer, maker, { form });

  it('is read and judged', () => {
    expect(looksLikeESeal(seal.value)).toBe(true);
    const { judged, codes } = judge(readESealSignature(seal.value));
    expect(codes).toEqual([]);
    expect(judged).toMatchObject({
      form,
      algorithm: 'SM2-SM3',
      signedAt: TEST_NOW,
      signer: { name: '测试市行政审批局', trusted: true },
      seal: { name: '测试市行政审批局', maker: { name: '测试制章系统', trusted: true } },
    });
  });

  it.skipIf(!OPENSSL)(`has DER and an SM2 signature that openssl takes${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
    const parsed = runWith({ seal: seal.value }, 'openssl', 'asn1parse', '-inform', 'DER', '-in', 'seal');
    expect(parsed.ok, parsed.said).toBe(true);
    expect(parsed.said).toContain('SM2-with-SM3');
    expect(parsed.said).toContain('测试市行政审批局');
    const { tbs, signature } = readESealSignature(seal.value);
    const files = { tbs, signature, 'certificate.pem': signer.pem };
    const input = ['-in', 'tbs', '-sigfile', 'signature', '-certin', '-inkey', 'certificate.pem'];
    const { ok, said } = runWith(files, 'openssl', 'pkeyutl', '-verify', '-rawin', '-digest', 'sm3', ...ID, ...input);
    expect(ok, said).toBe(true);
    const hashed = runWith({ bytes }, 'openssl', 'dgst', '-sm3', '-hex', 'bytes').said;
    expect(hashed).toContain(readESealSignature(seal.value).dataHash.toString('hex'));
  });

  it.skipIf(!OPENSSL)(`is judged when openssl signed it${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
    const input = ['-in', 'tbs', '-inkey', 'key.pem', '-out', 'out'];
    const files = { tbs: seal.tbs, 'key.pem': signer.keyPem };
    const { out, said } = runWith(files, 'openssl', 'pkeyutl', '-sign', '-rawin', '-digest', 'sm3', ...ID, ...input);
    expect(out.length, said).toBeGreaterThan(64);
    expect(judge({ ...readESealSignature(seal.value), signature: out }).codes).toEqual([]);
  });

  it('is found out wherever it was changed', () => {
    for (let at = 0; at < seal.value.length; at += 3) {
      const changed = Buffer.from(seal.value);
      changed[at] = changed[at]! ^ 0x01;
      expect(codesOf(changed), `byte ${at}`).not.toEqual([]);
    }
  });
});

/** What is found about bytes, a fault too. */
function codesOf(value: Buffer): string[] {
  try {
    return judge(readESealSignature(value)).codes;
  } catch (error) {
    expect(error).toMatchObject({ name: 'DocumentFault' });
    return [(error as { code: string }).code];
  }
}

it('is judged with the two numbers of SM2 alone, as some makers write them', () => {
  const signature = readESealSignature(setSeal(bytes, signer, maker).value);
  const der = signature.signature;
  const number = (at: number) => der.subarray(at + 2, at + 2 + der[at + 1]!).subarray(-32);
  const padded = (part: Buffer) => Buffer.concat([Buffer.alloc(32 - part.length), part]);
  const raw = Buffer.concat([padded(number(2)), padded(number(4 + der[3]!))]);
  expect(judge({ ...signature, signature: raw }).codes).toEqual([]);
});

it('may list the digests of certificates instead of the certificates', () => {
  expect(judge(readESealSignature(setSeal(bytes, signer, maker, { byDigest: true }).value)).codes).toEqual([]);
});

describe.each(['rsa', 'ec'] as const)('a seal of a signer with an %s key', (kind) => {
  it('is judged', () => {
    const other = testSigner('其他算法', { kind, issuer: authority });
    const { judged, codes } = judge(readESealSignature(setSeal(bytes, other, maker).value));
    expect(codes).toEqual([]);
    expect(judged.algorithm).toBe(kind === 'rsa' ? 'RSA-SHA256' : 'ECDSA-SHA256');
  });
});

describe.each<[string, string[], () => Buffer, JudgingContext?]>([
  ['set on other content', ['content-mismatch'], () => setSeal(Buffer.from('other'), signer, maker).value],
  ['made for another', ['seal-signer'], () => setSeal(bytes, signer, maker, { madeFor: maker }).value],
  [
    'made for the digest of another',
    ['seal-signer'],
    () => setSeal(bytes, signer, maker, { madeFor: maker, byDigest: true }).value,
  ],
  [
    'signed by a maker in name only',
    ['seal-signature-invalid'],
    () => setSeal(bytes, signer, maker, { spoilMaker: true }).value,
  ],
  ['past its own time', ['seal-time'], () => setSeal(bytes, signer, maker, { validUntil: TEST_NOW - 1000 }).value],
  ['ahead of the time', ['time-ahead'], () => setSeal(bytes, signer, maker, { signedAt: TEST_NOW + 3_600_000 }).value],
  [
    'of an expired certificate',
    ['certificate-time'],
    () => setSeal(bytes, testSigner('过期', { issuer: authority, notAfter: TEST_NOW - 1000 }), maker).value,
  ],
  [
    'of a certificate that is not for signatures',
    ['signer-usage'],
    () => setSeal(bytes, testSigner('加密', { issuer: authority, usage: 0x20 }), maker).value,
  ],
  ['of an unknown signer', ['signer-untrusted'], () => setSeal(bytes, testSigner('无人知晓'), maker).value],
  ['of an unknown maker', ['maker-untrusted'], () => setSeal(bytes, signer, testSigner('刻章摊')).value],
  [
    'of an unknown algorithm',
    ['algorithm-unsupported'],
    () => setSeal(bytes, signer, maker, { algorithm: '1.2.3' }).value,
  ],
  [
    'of an algorithm for another key',
    ['signature-invalid', 'content-mismatch'],
    () => setSeal(bytes, signer, maker, { algorithm: '1.2.840.113549.1.1.11' }).value,
  ],
  [
    'of a short key',
    ['algorithm-weak'],
    () => setSeal(bytes, testSigner('短密钥', { kind: 'rsa', bits: 1024, issuer: authority }), maker).value,
  ],
  [
    'judged without a trust list',
    ['trust-list-empty'],
    () => setSeal(bytes, signer, maker).value,
    { ...trusting, anchors: [] },
  ],
])('a seal %s', (_, codes, value, context = trusting) => {
  it(`is found to be ${codes.join(', ')}`, () => {
    expect(judge(readESealSignature(value()), context).codes).toEqual(codes);
  });
});

it('tells that only the signer says when it sealed, once its certificate has ended', () => {
  const later = { ...trusting, now: TEST_NOW + 2 * 365 * 86_400_000 };
  const { judged, codes } = judge(readESealSignature(setSeal(bytes, signer, maker).value), later);
  expect(codes).toEqual(['time-unproven']);
  expect(judged.signer?.trusted).toBe(true);
});

describe.skipIf(!OPENSSL)(`a seal with a timestamp${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  const nonce = Buffer.alloc(8, 1);
  const later = TEST_NOW + 2 * 365 * 86_400_000;
  let stamping: TestAuthority;
  let value: Buffer;

  beforeAll(async () => {
    stamping = await testAuthority();
    const stamp = (signature: Buffer) => {
      const answer = stamping.answer(timestampRequest(signature, nonce));
      return readTimestampResponse(answer, signature, nonce, stamping.trusted).token;
    };
    value = setSeal(bytes, signer, maker, { signedAt: TEST_NOW - 86_400_000, stamp }).value;
  });

  afterAll(() => stamping?.close());

  it('takes its time from the authority, which proves it also when the certificate has ended', () => {
    const { judged, codes } = judge(readESealSignature(value), {
      ...trusting,
      authorities: stamping.trusted,
      now: later,
    });
    expect(codes).toEqual([]);
    expect(judged.timeFrom).toBe('timestamp');
    expect(Math.abs(judged.signedAt! - TEST_NOW)).toBeLessThan(120_000);
  });

  it('takes the word of the signer when nobody trusts the authority, and says so', () => {
    const { judged, codes } = judge(readESealSignature(value), { ...trusting, now: later });
    expect(codes).toEqual(['timestamp-unproven', 'time-unproven']);
    expect(judged).toMatchObject({ timeFrom: 'signer', signedAt: TEST_NOW - 86_400_000 });
  });

  it('does not take a timestamp over another signature', () => {
    const signature = { ...readESealSignature(value), signature: setSeal(bytes, signer, maker).signature };
    const { judged, codes } = judge(signature, { ...trusting, authorities: stamping.trusted });
    expect(codes).toContain('timestamp-unproven');
    expect(judged.timeFrom).toBe('signer');
  });
});

it('throws nothing but its own fault for any bytes', () => {
  const { value } = setSeal(bytes, signer, maker);
  fc.assert(
    fc.property(fc.nat(value.length), fc.uint8Array({ maxLength: 12 }), (at, other) => {
      try {
        readESealSignature(Buffer.concat([value.subarray(0, at), other, value.subarray(at + other.length)]));
      } catch (error) {
        expect(error).toMatchObject({ name: 'DocumentFault' });
      }
    }),
    { numRuns: 1000 },
  );
});
