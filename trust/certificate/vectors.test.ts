import { describe, expect, it } from 'vitest';
import { verifyStatement } from '../region/statement.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';
import ed25519 from '../vectors/certificate-ed25519.json' with { type: 'json' };
import es256 from '../vectors/certificate-es256.json' with { type: 'json' };
import sm2 from '../vectors/certificate-sm2-sm3.json' with { type: 'json' };
import { demandInForce, presentCertificate, verifyCertificate } from './certificate.ts';

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
  ['SM2-SM3', sm2],
])('the recorded certificate of %s', (suite, vector) => {
  async function verify(text: string, now = vector.now): Promise<object> {
    const statement = await verifyStatement(vector.statement);
    const statementOf = (region: string): typeof statement | undefined =>
      region === statement.region ? statement : undefined;
    const { digest, ...rest } = demandInForce(verifyCertificate(text, { statementOf, now }));
    return { ...rest, digest: digest.toString('base64url') };
  }

  it('verifies for ever, whole and presented', async () => {
    expect(await verify(vector.certificate)).toMatchObject(vector.expected.certificate);
    expect(await verify(vector.presentation)).toMatchObject(vector.expected.presentation);
  });

  it('gives the recorded presentation', () => {
    const fields = ['certificate_holder_name', 'business_items'];
    expect(presentCertificate(vector.certificate, fields)).toBe(vector.presentation);
  });

  it('would be recorded today with the same members and the same content', async () => {
    const fresh = (await RECORDINGS[`certificate-${suite.toLowerCase()}`]!()) as typeof vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    expect(fresh.expected.certificate.certificate).toMatchObject(vector.expected.certificate.certificate);
    expect(fresh.expected.presentation.certificate).toMatchObject(vector.expected.presentation.certificate);
  });

  it('is out of date in time', async () => {
    const { validUntil } = vector.expected.certificate.certificate;
    await expect(verify(vector.certificate, validUntil)).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }),
    );
  });
});
