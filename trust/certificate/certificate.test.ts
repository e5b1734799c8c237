import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUITE_NAMES } from '../suites.ts';
import { throwawayRegion } from '../testing/index.ts';
import { othersVerify } from '../testing/jws-oracle.ts';
import { demandInForce, issueCertificate, presentCertificate, verifyCertificate } from './certificate.ts';
import { exampleContent, FOOD_LICENCE, ISSUED_AT } from './testing/example-content.ts';
import { codeOf, DAY_MS, KEYS_FROM, twoRegions } from './testing/two-regions.ts';

const { uxin, verify } = await twoRegions();

describe.each(SUITE_NAMES)('a certificate signed with %s', (suite) => {
  it('shows all that was issued', async () => {
    const region = await throwawayRegion('150626', { now: KEYS_FROM, suite });
    const content = exampleContent();
    const text = await issueCertificate(region.certificate, content, ISSUED_AT + 1500);
    const verified = verifyCertificate(text, { statementOf: () => region.statement, now: ISSUED_AT + DAY_MS });
    const { issuedAt: _, ...same } = content;
    expect(verified.certificate).toEqual({
      ...same,
      typeName: '食品经营许可证',
      version: '001',
      definedBy: { code: '11100000MB0143028R', name: '国家市场监督管理总局' },
      issuedOn: '2026-11-20',
      signedAt: ISSUED_AT + 1000,
    });
    expect(verified).toMatchObject({
      issuer: '150626',
      kid: region.certificate.kid,
      identifier: content.identifier,
      status: 'valid',
      definition: 'known',
      binding: 'none',
    });
    const jwt = text.slice(0, text.indexOf('~'));
    expect(verified.digest).toEqual(createHash('sha256').update(jwt).digest());
    // Who copies the answer into his own has it too.
    expect({ ...verified }.digest).toEqual(verified.digest);
  });

  it('has the header and signature of an SD-JWT VC to another implementation', async () => {
    const region = await throwawayRegion('150626', { now: KEYS_FROM, suite });
    const text = await issueCertificate(region.certificate, exampleContent(), ISSUED_AT);
    const { header, payload } = await othersVerify(text, region.certificate);
    expect(header).toEqual({ alg: suite, kid: region.certificate.kid, typ: 'dc+sd-jwt' });
    expect(payload).toMatchObject({
      iss: 'urn:tongban:region:150626',
      vct: `urn:tongban:certificate:${FOOD_LICENCE}`,
      iat: ISSUED_AT / 1000,
      nbf: ISSUED_AT / 1000,
      certificate_type_name: '食品经营许可证',
      certificate_validate_start: '2026-11-20',
      certificate_validate_end: '2031-11-19',
      certificate_holder_type: '001',
    });
  });
});

describe('presenting', () => {
  it('shows any chosen fields and no others, with the same digest', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const whole = verify(text);
    fc.assert(
      fc.property(fc.subarray([...whole.disclosed]), (fields) => {
        const { certificate, disclosed, digest } = verify(presentCertificate(text, fields));
        expect([...disclosed].sort()).toEqual([...fields].sort());
        expect(digest).toEqual(whole.digest);
        expect(certificate.holder.name).toBe(
          fields.includes('certificate_holder_name') ? '示例餐饮有限公司' : undefined,
        );
        expect(certificate.holder.number).toBe(
          fields.includes('certificate_holder_code') ? '91150626MA0000001R' : undefined,
        );
        expect(certificate.caseNumber).toBe(fields.includes('related_case_number') ? 'WS20261120-0001' : undefined);
        const shown = Object.keys(whole.certificate.fields).filter(
          (key) => key === 'complaint_line' || fields.includes(key),
        );
        expect(Object.keys(certificate.fields).sort()).toEqual(shown.sort());
        expect(certificate).toMatchObject({ identifier: whole.identifier, validFrom: ISSUED_AT });
      }),
      { numRuns: 50 },
    );
  });

  it('leaves no trace of what is kept back', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const clear = presentCertificate(text, [])
      .split(/[.~]/)
      .map((part) => Buffer.from(part, 'base64url').toString())
      .join();
    expect(clear).not.toMatch(/示例餐饮|91150626MA0000001R|阿不都|WS20261120|legal_representative/);
  });

  it('refuses fields that are not there, by their places', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const act = (): string => presentCertificate(text, ['residence', 'supervising_body', 'certificate_identifier']);
    expect(codeOf(act)).toBe('VALIDATION_FAILED');
    expect(act).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ pointer: '/fields/1' }),
          expect.objectContaining({ pointer: '/fields/2' }),
        ],
      }),
    );
  });
});

describe('validity', () => {
  const validFrom = ISSUED_AT + 30 * DAY_MS;
  const validUntil = ISSUED_AT + 60 * DAY_MS;

  it.each([
    ['long before', ISSUED_AT, 'not-yet-valid', 'CERTIFICATE_NOT_YET_VALID'],
    ['within the skew of clocks', validFrom - 4 * 60_000, 'valid', 'none'],
    ['in its time', validFrom, 'valid', 'none'],
    ['at its last moment', validUntil - 1, 'valid', 'none'],
    ['at its end', validUntil, 'expired', 'CERTIFICATE_EXPIRED'],
  ])('%s', async (_, now, status, code) => {
    const content = exampleContent({ validFrom, validUntil });
    const verified = verify(await issueCertificate(uxin.certificate, content, ISSUED_AT), now);
    expect(verified.status).toBe(status);
    expect(verified.identifier).toBe(content.identifier);
    expect(codeOf(() => demandInForce(verified))).toBe(code);
  });

  it('has no end for a long-term certificate', async () => {
    const content = exampleContent({ validUntil: undefined });
    const verified = verify(await issueCertificate(uxin.certificate, content, ISSUED_AT), ISSUED_AT + 40_000 * DAY_MS);
    expect(verified.certificate).not.toHaveProperty('validUntil');
    expect(demandInForce(verified)).toBe(verified);
  });

  it('does not begin before the certificate was signed', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT + DAY_MS);
    expect(verify(text, ISSUED_AT).status).toBe('not-yet-valid');
  });
});
