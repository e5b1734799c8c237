import { describe, expect, it } from 'vitest';
import { regionUrn, TYP } from '#proto';
import { signJws } from '../jws.ts';
import type { RegionStatement } from '../region/statement.ts';
import { issueCertificate, verifyCertificate } from './certificate.ts';
import { createDisclosure } from './sd-jwt/disclosure.ts';
import { exampleContent, ISSUED_AT } from './testing/example-content.ts';
import { codeOf, DAY_MS, KEYS_FROM, twoRegions } from './testing/two-regions.ts';

const { uxin, nantong, verify, forge } = await twoRegions();

describe('verifying refuses', () => {
  it('an issuer that is unknown, is no region, or whose statement is of another region', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const withStatement = (statement: RegionStatement | undefined): string =>
      codeOf(() => verifyCertificate(text, { statementOf: () => statement, now: ISSUED_AT }));
    expect(withStatement(undefined)).toBe('CERTIFICATE_ISSUER');
    expect(withStatement(nantong.statement)).toBe('CERTIFICATE_ISSUER');
    for (const iss of ['https://example.cn', regionUrn('999999'), 42, undefined]) {
      const forged = await forge({ iss });
      expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_ISSUER');
    }
  });

  it('one region signing in the name of another', async () => {
    const forged = await forge({ iss: regionUrn('320600'), certificate_area_code: '320600' });
    expect(codeOf(() => verify(forged))).toBe('KEY_UNKNOWN');
  });

  it('a region of the certificate that is not its issuer', async () => {
    const forged = await forge({ certificate_area_code: '320600' });
    expect(codeOf(() => verify(forged))).toBe('CERTIFICATE_ISSUER');
  });

  it('a key of another purpose', async () => {
    const text = await issueCertificate(uxin.signing, exampleContent(), ISSUED_AT);
    expect(codeOf(() => verify(text))).toBe('KEY_UNKNOWN');
  });

  it('a key before and after its time, by the moment of signing', async () => {
    const early = await issueCertificate(uxin.certificate, exampleContent(), KEYS_FROM - DAY_MS);
    const late = await issueCertificate(uxin.certificate, exampleContent(), KEYS_FROM + 800 * DAY_MS);
    expect(codeOf(() => verify(early))).toBe('KEY_NOT_VALID');
    expect(codeOf(() => verify(late, KEYS_FROM + 801 * DAY_MS))).toBe('KEY_NOT_VALID');
  });

  it('but keeps what was signed in time when key and statement are out of date', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    expect(verify(text, KEYS_FROM + 1200 * DAY_MS).status).toBe('valid');
  });

  it('a disclosure that is strange, altered or of another certificate', async () => {
    const one = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const other = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const [jwt, ...disclosures] = one.split('~');
    const altered = createDisclosure('c2FsdA', 'certificate_holder_name', '别的公司').encoded;
    for (const text of [
      `${one}${altered}~`,
      `${jwt}~${other.split('~').slice(1).join('~')}`,
      `${jwt}~${altered}~${disclosures.slice(1).join('~')}`,
      `${one}${disclosures[0]}~`,
    ])
      expect(codeOf(() => verify(text))).toBe('CERTIFICATE_DISCLOSURE');
  });

  it('altered claims and signatures', async () => {
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const [jwt = '', ...rest] = text.split('~');
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const rebuilt = (changes: object): string =>
      [
        `${header}.${Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url')}.${signature}`,
        ...rest,
      ].join('~');
    expect(codeOf(() => verify(rebuilt({})))).toBe('none');
    for (const changes of [{ exp: 7_000_000_000 }, { certificate_number: 'JY0' }, { iat: claims.iat + 1 }, { _sd: [] }])
      expect(codeOf(() => verify(rebuilt(changes)))).toBe('SIGNATURE_INVALID');
    expect(codeOf(() => verify(rebuilt({ iss: regionUrn('320600') })))).toBe('KEY_UNKNOWN');
    const zero = Buffer.alloc(64).toString('base64url');
    expect(codeOf(() => verify([`${header}.${payload}.${zero}`, ...rest].join('~')))).toBe('SIGNATURE_INVALID');
  });

  it('another kind of signed object, another algorithm, and what is no certificate', async () => {
    const jws = await signJws(uxin.certificate, TYP.envelopeRoot, { iss: regionUrn('150626'), iat: ISSUED_AT / 1000 });
    expect(codeOf(() => verify(`${jws}~`))).toBe('TYP_MISMATCH');
    const text = await issueCertificate(uxin.certificate, exampleContent(), ISSUED_AT);
    const header = { alg: 'none', kid: uxin.certificate.kid, typ: TYP.certificate };
    const unsigned = text.replace(/^[^.]+/, Buffer.from(JSON.stringify(header)).toString('base64url'));
    expect(codeOf(() => verify(unsigned))).toBe('ALGORITHM_NOT_ALLOWED');
    const embedded = Buffer.from(JSON.stringify({ ...header, alg: 'ES256', jwk: {} })).toString('base64url');
    expect(codeOf(() => verify(text.replace(/^[^.]+/, embedded)))).toBe('CERTIFICATE_MALFORMED');
    for (const broken of ['', 'x', uxin.jwt]) expect(codeOf(() => verify(broken))).toBe('CERTIFICATE_MALFORMED');
    expect(codeOf(() => verify(`${text}${uxin.jwt}`))).toBe('CERTIFICATE_BINDING');
  });
});
