import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyCertificate } from './certificate.ts';
import { paperText } from './certificate-paper.ts';
import { readDefinitions } from './certificate-types.ts';
import { readStatement } from './documents.ts';
import { Refused } from './wire.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const TYPES = readDefinitions(read('trust/certificate/types/built-in.json'));
const { parts } = JSON.parse(read('trust/certificate/paper/dictionary.json')) as { parts: string[] };
const DICTIONARY = Buffer.from(parts.join(''));

interface Vector {
  readonly now: number;
  readonly statement: string;
  readonly qr: string;
  readonly presentation: string;
  readonly expected: { readonly digest: string };
  readonly bad: readonly { readonly note: string; readonly text: string; readonly code: string }[];
}

it('the dictionary has the length and the digest of the specification', () => {
  const digest = createHash('sha256').update(DICTIONARY).digest('hex');
  expect(read('proto/README.md')).toContain(`${DICTIONARY.length} bytes with SHA-256 \`${digest}\``);
});

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the vectors of %s on paper', (suite) => {
  const vector = JSON.parse(read(`trust/vectors/paper-${suite}.json`)) as Vector;
  const issuer = readStatement(vector.statement);
  const verify = (qr: string) =>
    verifyCertificate(paperText(qr, DICTIONARY), {
      now: vector.now,
      statementOf: (region) => (region === issuer.region ? issuer : undefined),
      types: TYPES,
    });

  it('are read as the presentation that was written, which verifies', () => {
    expect(paperText(vector.qr, DICTIONARY)).toBe(vector.presentation);
    expect(verify(vector.qr).digest.toString('base64url')).toBe(vector.expected.digest);
  });

  it.each(vector.bad.map(({ note, text, code }) => [note, text, code] as const))(
    'are refused with %s',
    (_, text, code) => {
      let refused: unknown;
      try {
        verify(text);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(Refused);
      expect((refused as Refused).code).toBe(code);
    },
  );
});
