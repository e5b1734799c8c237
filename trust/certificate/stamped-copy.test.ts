import { beforeAll, describe, expect, it } from 'vitest';
import { type ThrowawayRegion, throwawayRegion } from '../testing/index.ts';
import { demandInForce, issueCertificate, presentCertificate, verifyCertificate } from './certificate.ts';
import { issueStampedCopy, type Stamp } from './stamped-copy.ts';
import { exampleContent, ISSUED_AT } from './testing/example-content.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = ISSUED_AT + 10 * DAY_MS;
const STAMP: Stamp = { creator: '示例政务服务中心', cause: '仅供办理贷款', expiresAt: NOW + 30 * DAY_MS };

let uxin: ThrowawayRegion;
let nantong: ThrowawayRegion;
let certificate: string;
beforeAll(async () => {
  uxin = await throwawayRegion('150626', { now: ISSUED_AT - DAY_MS });
  nantong = await throwawayRegion('320600', { now: ISSUED_AT - DAY_MS });
  certificate = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
});

const statementOf = (code: string) => [uxin, nantong].find(({ region }) => region === code)?.statement;
const copy = (text: string, changes: Partial<Stamp> = {}, now = NOW, signer = uxin.certificate) =>
  issueStampedCopy(signer, text, { ...STAMP, ...changes }, { statementOf, now });
const codeOf = (made: Promise<unknown>) =>
  made.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

describe('a stamped copy', () => {
  it('says what the certificate says, of what it is a copy, for what and until when', async () => {
    const original = verifyCertificate(certificate, { statementOf, now: NOW });
    const { certificate: shown, digest } = verifyCertificate(await copy(certificate), { statementOf, now: NOW });
    const { stamp, signedAt, ...same } = shown;
    expect({ ...same, signedAt: original.certificate.signedAt }).toEqual(original.certificate);
    expect(signedAt).toBe(NOW);
    expect(digest).not.toEqual(original.digest);
    expect(stamp).toEqual({ ...STAMP, of: original.digest.toString('base64url'), createdAt: NOW });
  });

  it('keeps back what the presentation kept back, and lets more be kept back', async () => {
    const shown = await copy(presentCertificate(certificate, ['certificate_holder_name', 'residence']));
    const { certificate: view, disclosed } = verifyCertificate(shown, { statementOf, now: NOW });
    expect(view.fields).toEqual({ residence: '乌审旗示例街1号', complaint_line: '12315' });
    expect([...disclosed].sort()).toEqual(['certificate_holder_name', 'residence']);
    const less = verifyCertificate(presentCertificate(shown, ['residence']), { statementOf, now: NOW });
    expect(less.certificate.holder).toEqual({ documentType: 'social-credit-code' });
    expect(less.certificate.stamp).toEqual(view.stamp);
  });

  it('ends before the certificate does', async () => {
    const text = await copy(certificate);
    const statusAt = (now: number) => verifyCertificate(text, { statementOf, now }).status;
    expect([NOW, STAMP.expiresAt - 1, STAMP.expiresAt].map(statusAt)).toEqual(['valid', 'valid', 'expired']);
    const late = verifyCertificate(text, { statementOf, now: STAMP.expiresAt });
    expect(() => demandInForce(late)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }));
    expect(verifyCertificate(certificate, { statementOf, now: STAMP.expiresAt }).status).toBe('valid');
  });

  it('is made of a certificate in force only, by the region that issued it, and not of a copy', async () => {
    expect(await codeOf(copy(await copy(certificate)))).toBe('CERTIFICATE_MALFORMED');
    expect(await codeOf(copy(certificate, {}, NOW, nantong.certificate))).toBe('CERTIFICATE_ISSUER');
    const { validUntil = 0 } = exampleContent();
    expect(await codeOf(copy(certificate, { expiresAt: validUntil + DAY_MS }, validUntil))).toBe('CERTIFICATE_EXPIRED');
    expect(await codeOf(copy(`${certificate}x`))).toBe('CERTIFICATE_BINDING');
  });

  it('has a stamp without faults', async () => {
    const wrong = copy(certificate, { creator: '', cause: 'a\u0000', expiresAt: NOW });
    await expect(wrong).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/creator' }, { pointer: '/cause' }],
    });
    await expect(copy(certificate, { expiresAt: NOW })).rejects.toMatchObject({
      problems: [{ pointer: '/expiresAt' }],
    });
  });
});
