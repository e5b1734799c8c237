import { describe, expect, it } from 'vitest';
import { verifyStatement } from '../region/statement.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';
import ed25519 from '../vectors/certificate-nested-ed25519.json' with { type: 'json' };
import es256 from '../vectors/certificate-nested-es256.json' with { type: 'json' };
import sm2 from '../vectors/certificate-nested-sm2-sm3.json' with { type: 'json' };
import { presentCertificate, verifyCertificate } from './certificate.ts';

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
  ['SM2-SM3', sm2],
])('the recorded certificate of %s with values within values', (suite, vector) => {
  async function verify(text: string, isBound = false): Promise<object> {
    const statement = await verifyStatement(vector.statement);
    const { digest, ...rest } = verifyCertificate(text, {
      statementOf: (region) => (region === statement.region ? statement : undefined),
      now: vector.now,
      ...(isBound && { binding: vector.binding }),
    });
    return { ...rest, digest: digest.toString('base64url') };
  }

  it('verifies for ever, whole, presented, bound and copied', async () => {
    expect(await verify(vector.certificate)).toMatchObject(vector.expected.certificate);
    expect(await verify(vector.presentation)).toMatchObject(vector.expected.presentation);
    expect(await verify(vector.bound, true)).toMatchObject(vector.expected.bound);
    expect(await verify(vector.copy)).toMatchObject(vector.expected.copy);
  });

  it('gives the recorded presentation', () => {
    const fields = ['certificate_holder_name', 'certificate_other_holders/0', 'records/1'];
    expect(presentCertificate(vector.certificate, fields)).toBe(vector.presentation);
  });

  it.each(vector.bad.map(({ note, ...bad }) => [note, bad] as const))('is refused with %s', async (_, bad) => {
    await expect(verify(bad.text, 'binding' in bad)).rejects.toThrow(expect.objectContaining({ code: bad.code }));
  });

  it('would be recorded today with the same members, the same content and the same faults', async () => {
    const fresh = (await RECORDINGS[`certificate-nested-${suite.toLowerCase()}`]!()) as typeof vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    const { holderKey: _, ...content } = vector.expected.certificate.certificate;
    expect(fresh.expected.certificate.certificate).toMatchObject(content);
    expect(fresh.bad.map(({ note, code }) => ({ note, code }))).toEqual(
      vector.bad.map(({ note, code }) => ({ note, code })),
    );
  });
});
