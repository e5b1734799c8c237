import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examineDocument, NOBODY, readTrustList } from './document.ts';
import { FINDINGS, VERDICTS } from './findings.ts';
import { DOCUMENT_LIMITS } from './limits.ts';
import { TEST_NOW } from './testing/certificates.ts';
import { packOfd, sealedOfd, sealingCast } from './testing/ofd.ts';
import { plainPdf } from './testing/pdf.ts';

const page = readFileSync(new URL('../../docs/documents.md', import.meta.url), 'utf8');

/** The first two columns of the rows of a table whose first is code. */
function rowsAfter(heading: string): [string, string][] {
  const part = page.slice(page.indexOf(heading)).split('\n## ')[0]!;
  return [...part.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map((row) => [row[1]!, row[2]!]);
}

describe('the page for users', () => {
  it('lists every finding with its weight and words', () => {
    const told = rowsAfter('## 3 ').map(([code, rest]) => [code, rest.split('|').map((cell) => cell.trim())]);
    const known = Object.entries(FINDINGS).map(([code, { weight, zh, en }]) => [code, [`\`${weight}\``, zh, en]]);
    expect(told).toEqual(known);
  });

  it('lists every verdict with its words', () => {
    const told = rowsAfter('## 2 ').map(([code, rest]) => [
      code,
      rest
        .split('|')
        .map((cell) => cell.trim())
        .slice(0, 2),
    ]);
    expect(told).toEqual(Object.entries(VERDICTS).map(([verdict, { zh, en }]) => [verdict, [zh, en]]));
  });
});

it('refuses what is neither OFD nor PDF, and what is too large', () => {
  const refusal = (bytes: Buffer) => examineDocument(bytes, NOBODY, TEST_NOW);
  expect(refusal(Buffer.from('hello'))).toMatchObject({
    format: 'unknown',
    verdict: 'refused',
    findings: [{ code: 'not-a-document' }],
  });
  expect(refusal(Buffer.alloc(0))).toMatchObject({ verdict: 'refused', findings: [{ code: 'not-a-document' }] });
  const large = Buffer.concat([plainPdf(), Buffer.alloc(DOCUMENT_LIMITS.fileBytes)]);
  expect(refusal(large)).toMatchObject({ verdict: 'refused', findings: [{ code: 'too-large' }] });
});

it('reads a trust list of several certificates and refuses one without any', () => {
  const { authority, signer } = sealingCast();
  expect(readTrustList(`text\n${authority.pem}${signer.pem}`).anchors).toHaveLength(2);
  for (const pem of ['', authority.pem.replace('MII', 'XII'), authority.keyPem])
    expect(() => readTrustList(pem)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

it('says something about any bytes and throws nothing', () => {
  const { authority, ...cast } = sealingCast();
  const trust = readTrustList(authority.pem);
  const ofd = packOfd(sealedOfd(cast));
  fc.assert(
    fc.property(fc.nat(ofd.length - 1), fc.uint8Array({ minLength: 1, maxLength: 20 }), (at, other) => {
      const spoilt = Buffer.concat([ofd.subarray(0, at), other, ofd.subarray(at + other.length)]);
      const { verdict, container } = examineDocument(spoilt, trust, TEST_NOW);
      expect(Object.keys(VERDICTS)).toContain(verdict);
      expect(container).toBe(verdict !== 'refused');
    }),
    { numRuns: 300 },
  );
});
