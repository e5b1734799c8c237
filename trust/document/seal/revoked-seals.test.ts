import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTimestampResponse, timestampRequest } from '../../evidence/timestamp.ts';
import { type TestAuthority, testAuthority } from '../../testing/timestamp-authority.ts';
import { digest } from '../crypto/algorithms.ts';
import { readRevocationList } from '../crypto/revocation-list.ts';
import { readCertificate } from '../crypto/x509.ts';
import { DocumentFindings } from '../findings.ts';
import { TEST_NOW, testSigner } from '../testing/certificates.ts';
import { setSeal, type TestSealOptions } from '../testing/e-seals.ts';
import { NO_OPENSSL, OPENSSL } from '../testing/openssl.ts';
import { DAY_MS, type TestRevocationListOptions, testRevocationList } from '../testing/revocation-lists.ts';
import type { JudgingContext, SealedContent } from './context.ts';
import { readESealSignature } from './e-seal.ts';
import { judgeESeal } from './judge-e-seal.ts';

const bytes = Buffer.from('<ofd:Signature/>');
const content: SealedContent = { digest: (hash) => digest(hash, bytes), bytes: () => bytes };
const authority = testSigner('测试根证书', { ca: true });
const signer = testSigner('测试市行政审批局', { issuer: authority });
const maker = testSigner('测试制章系统', { issuer: authority });
const SIGNED_AT = TEST_NOW - 10 * DAY_MS;
const MADE_AT = TEST_NOW - 100 * DAY_MS;

function judge(value: Buffer, revoked: TestRevocationListOptions['revoked'], changes: Partial<JudgingContext> = {}) {
  const findings = new DocumentFindings();
  const lists = revoked ? [readRevocationList(testRevocationList(authority, { revoked }))] : [];
  const anchors = [readCertificate(authority.der)];
  const context = { now: TEST_NOW, anchors, authorities: [], revocationLists: lists, ...changes };
  const judged = judgeESeal(readESealSignature(value), content, undefined, context, '', findings);
  return { judged, verdict: findings.verdict('sealed'), found: findings.list };
}

const sealed = (options: TestSealOptions = {}) =>
  setSeal(bytes, signer, maker, { signedAt: SIGNED_AT, validFrom: MADE_AT, ...options }).value;

describe('a seal whose certificates are asked about', () => {
  it('is said to be unchecked without a list', () => {
    const { judged, verdict, found } = judge(sealed(), undefined);
    expect(verdict).toBe('sealed');
    expect(found).toEqual([
      expect.objectContaining({
        code: 'revocation-unknown',
        zh: '未核验证书是否已吊销',
        detail: expect.stringContaining('no revocation list'),
      }),
    ]);
    expect(judged.signer).toMatchObject({ trusted: true, revocation: 'unknown', revocationAt: undefined });
  });

  it('is checked by the list of the issuer, and by when that list is from', () => {
    const { judged, verdict, found } = judge(sealed(), []);
    expect({ verdict, found }).toEqual({ verdict: 'sealed', found: [] });
    const good = { revocation: 'good', revocationAt: TEST_NOW - DAY_MS };
    expect(judged).toMatchObject({ signer: good, seal: { maker: good } });
  });

  it('does not hold when the signer was revoked before it was set', () => {
    const at = SIGNED_AT - DAY_MS;
    const { judged, verdict, found } = judge(sealed(), [{ signer, at }]);
    expect(verdict).toBe('altered');
    expect(found).toMatchObject([{ code: 'certificate-revoked', detail: expect.stringContaining('测试市行政审批局') }]);
    expect(judged.signer).toMatchObject({ revocation: 'revoked', revocationAt: at });
  });

  it('proves too little when the signer was revoked later, and only the signer says when it was set', () => {
    const { verdict, found } = judge(sealed(), [{ signer, at: SIGNED_AT + DAY_MS }]);
    expect(verdict).toBe('unproven');
    expect(found).toMatchObject([{ code: 'revoked-since' }]);
  });

  it('does not hold when its maker was revoked before the seal was made, and proves too little when later', () => {
    expect(judge(sealed(), [{ signer: maker, at: MADE_AT - DAY_MS }])).toMatchObject({
      verdict: 'altered',
      found: [{ code: 'certificate-revoked', detail: expect.stringContaining('测试制章系统') }],
      judged: { signer: { revocation: 'good' }, seal: { maker: { revocation: 'revoked' } } },
    });
    expect(judge(sealed(), [{ signer: maker, at: MADE_AT + DAY_MS }])).toMatchObject({
      verdict: 'unproven',
      found: [{ code: 'revoked-since' }],
    });
  });

  it('is not asked about when nobody trusts it', () => {
    const { judged, found } = judge(sealed(), [{ signer, at: MADE_AT }], { anchors: [] });
    expect(found).toMatchObject([{ code: 'trust-list-empty' }]);
    expect(judged.signer).toMatchObject({ trusted: false, revocation: 'unknown' });
  });
});

describe.skipIf(!OPENSSL)(`a seal with a timestamp${OPENSSL ? '' : `: ${NO_OPENSSL}`}`, () => {
  let stamping: TestAuthority;
  beforeAll(async () => {
    stamping = await testAuthority();
  });
  afterAll(() => stamping?.close());

  it('stands when the certificate was revoked after it, and not when before', () => {
    const nonce = Buffer.alloc(8, 1);
    const stamp = (signature: Buffer) =>
      readTimestampResponse(stamping.answer(timestampRequest(signature, nonce)), signature, nonce, stamping.trusted)
        .token;
    const value = sealed({ stamp });
    const later = { authorities: stamping.trusted, now: TEST_NOW + 3 * DAY_MS };
    expect(judge(value, [{ signer, at: TEST_NOW + 2 * DAY_MS }], later)).toMatchObject({
      verdict: 'sealed',
      found: [{ code: 'revoked-later', weight: 'note' }, { code: 'revocation-unknown' }],
    });
    // The signer says that it was set before; the timestamp is from afterwards.
    expect(judge(value, [{ signer, at: SIGNED_AT + DAY_MS }], later)).toMatchObject({ verdict: 'altered' });
  });
});
