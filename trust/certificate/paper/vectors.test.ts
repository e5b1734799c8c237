import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { verifyStatement } from '../../region/statement.ts';
import { RECORDINGS } from '../../testing/recording/record-vectors.ts';
import ed25519 from '../../vectors/paper-ed25519.json' with { type: 'json' };
import es256 from '../../vectors/paper-es256.json' with { type: 'json' };
import sm2 from '../../vectors/paper-sm2-sm3.json' with { type: 'json' };
import { verifyCertificate } from '../certificate.ts';
import dictionary from './dictionary.json' with { type: 'json' };
import { readPaperCertificate, writePaperCertificate } from './paper.ts';

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
  ['SM2-SM3', sm2],
])('the recorded certificate of %s on paper', (suite, vector) => {
  async function verify(qr: string): Promise<object> {
    const statement = await verifyStatement(vector.statement);
    const { digest, ...rest } = verifyCertificate(readPaperCertificate(qr), {
      statementOf: (region) => (region === statement.region ? statement : undefined),
      now: vector.now,
    });
    return { ...rest, digest: digest.toString('base64url') };
  }

  it('is read and verifies for ever', async () => {
    expect(readPaperCertificate(vector.qr)).toBe(vector.presentation);
    expect(await verify(vector.qr)).toMatchObject(vector.expected);
  });

  it('could be written today', () => {
    expect(readPaperCertificate(writePaperCertificate(vector.presentation))).toBe(vector.presentation);
  });

  it.each(vector.bad.map(({ note, ...bad }) => [note, bad] as const))(
    'is refused with %s',
    async (_, { text, code }) => {
      await expect(verify(text)).rejects.toThrow(expect.objectContaining({ code }));
    },
  );

  it('would be recorded today with the same members, the same content and the same faults', async () => {
    const fresh = (await RECORDINGS[`paper-${suite.toLowerCase()}`]!()) as typeof vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    expect(fresh.expected.certificate).toMatchObject(vector.expected.certificate);
    expect(fresh.bad.map(({ note, code }) => ({ note, code }))).toEqual(
      vector.bad.map(({ note, code }) => ({ note, code })),
    );
  });
});

it('the dictionary is the one that the specification names', async () => {
  const bytes = Buffer.from(dictionary.parts.join(''));
  const specification = await readFile(new URL('../../../proto/README.md', import.meta.url), 'utf8');
  expect(specification).toContain(createHash('sha256').update(bytes).digest('hex'));
  expect(specification).toContain(`${bytes.length} bytes`);
});
