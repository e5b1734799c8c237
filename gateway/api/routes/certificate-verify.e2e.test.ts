import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindSdJwt, localSigner, presentCertificate, writePaperCertificate } from '#trust';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';

let uxin: ApiRegion;
let identifier: string;
let text: string;
let pdf: Buffer;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');

beforeAll(async () => {
  uxin = await apiRegion('150626');
  const holderKey = publicKey.export({ format: 'jwk' });
  const { certificates } = uxin.live.services;
  ({ identifier, text } = await certificates.issue(licence(Date.now() - 1000, { holderKey })));
  ({ bytes: pdf } = await uxin.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`));
});

afterAll(() => uxin.close());

const verify = (body: object, role: 'operator' | 'auditor' = 'operator') =>
  uxin.ask('POST', '/v1/certificates/verify', { body, role });

describe('a verification', () => {
  test('says of each thing whether it is proved', async () => {
    const { status, json } = await verify({ certificate: text });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'valid', source: 'library', identifier });
    expect(outcomes(json)).toEqual({
      signature: 'proved',
      issuer: 'proved',
      disclosures: 'proved',
      content: 'proved',
      validity: 'proved',
      status: 'proved',
      binding: 'open',
      file: 'open',
    });
    expect(json.proofs).toContainEqual({
      name: 'status',
      outcome: 'proved',
      word: 'valid',
      asOf: expect.any(Number),
    });
  });

  test('reads a certificate on paper', async () => {
    const qr = writePaperCertificate(presentCertificate(text, ['business_items']));
    const { json } = await verify({ qr });
    expect(json).toMatchObject({ status: 'valid', identifier, disclosed: ['business_items'] });
  });

  test('reads a PDF, and shows personal data to those alone who may see it', async () => {
    const { json } = await verify({ pdf: pdf.toString('base64') }, 'auditor');
    expect(json).toMatchObject({ identifier, pdf: { kid: expect.any(String), signedAt: expect.any(Number) } });
    expect(outcomes(json)).toMatchObject({ file: 'proved', signature: 'proved' });
    expect(json.certificate.holder.name).toContain('*');
  });

  test('demands a type and the proof of the holder', async () => {
    const signer = await localSigner('Ed25519', privateKey, publicKey);
    const binding = { nonce: 'n-1', audience: 'window-3', maxAgeSeconds: 300 };
    const bound = await bindSdJwt(text, signer, binding, Date.now());
    const good = await verify({ certificate: bound, binding, typeCode: '11100000MB0143028R032' });
    expect(outcomes(good.json)).toMatchObject({ binding: 'proved' });
    for (const [body, code] of [
      [{ certificate: bound, binding: { ...binding, nonce: 'n-2' } }, 'CERTIFICATE_BINDING'],
      [{ certificate: text, binding }, 'CERTIFICATE_BINDING_MISSING'],
      [{ certificate: text, typeCode: '11100000MB0143028R001' }, 'CERTIFICATE_TYPE'],
    ] as const)
      expect(await verify(body)).toMatchObject({ status: 422, json: { code } });
  });

  test('tells what was decided', async () => {
    const other = await uxin.live.services.certificates.issue(licence(Date.now() - 1000, { number: 'A2' }));
    await uxin.live.services.certificates.setStatus(other.identifier, 'revoked', '材料虚假', 'window');
    const { json } = await verify({ certificate: other.text });
    expect(json.proofs).toContainEqual(
      expect.objectContaining({ name: 'status', outcome: 'failed', code: 'CERTIFICATE_NOT_IN_FORCE', word: 'revoked' }),
    );
  });
});

describe('refused with its code, and nothing is kept', () => {
  test.each<[what: string, make: () => object, status: number, code: string]>([
    [
      'an altered certificate',
      () => ({ certificate: text.replace(/\.[\w-]+~/, `.${'A'.repeat(86)}~`) }),
      422,
      'SIGNATURE_INVALID',
    ],
    [
      'an altered PDF',
      () => ({ pdf: Buffer.concat([pdf, Buffer.from('\n%%EOF\n')]).toString('base64') }),
      422,
      'RENDITION_ALTERED',
    ],
    ['what is no PDF', () => ({ pdf: Buffer.from('no PDF').toString('base64') }), 422, 'RENDITION_ALTERED'],
    ['a broken code', () => ({ qr: 'TONGBAN-C:BB8' }), 422, 'CERTIFICATE_MALFORMED'],
    ['a web address', () => ({ qr: 'https://example.com/TONGBAN-C:BB8' }), 422, 'CERTIFICATE_REFERENCE'],
    ['a reference', () => ({ qr: 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI' }), 422, 'VALIDATION_FAILED'],
    ['nothing', () => ({}), 422, 'VALIDATION_FAILED'],
    ['two at once', () => ({ certificate: text, qr: 'TONGBAN-C:BB8' }), 422, 'VALIDATION_FAILED'],
    ['what is not base64', () => ({ pdf: '%PDF-' }), 422, 'VALIDATION_FAILED'],
    ['more than there may be', () => ({ pdf: 'A'.repeat(7 * 1024 * 1024) }), 413, 'REQUEST_INVALID'],
  ])('%s', async (_, make, status, code) => {
    const before = await uxin.counts();
    expect(await verify(make())).toMatchObject({ status, json: { code } });
    expect(await uxin.counts()).toEqual(before);
  });
});

function outcomes({ proofs }: { proofs: { name: string; outcome: string }[] }): object {
  return Object.fromEntries(proofs.map(({ name, outcome }) => [name, outcome]));
}
