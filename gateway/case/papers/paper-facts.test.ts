import { expect, it } from 'vitest';
import { PAPER_KINDS } from '#proto';
import { readFacts, writeFacts } from './paper-facts.ts';
import { sampleFacts } from './testing/sample-facts.ts';

it.each(PAPER_KINDS)('%s is read as it was written', (kind) => {
  const { format: _format, ...facts } = sampleFacts(kind);
  expect(readFacts(writeFacts(facts))).toEqual(sampleFacts(kind));
});

it.each([
  ['nothing', ''],
  ['another format', JSON.stringify({ ...sampleFacts('receipt'), format: 'tongban-paper-2' })],
  ['another member', JSON.stringify({ ...sampleFacts('receipt'), more: 1 })],
  ['another kind', JSON.stringify({ ...sampleFacts('receipt'), kind: 'invoice' })],
  [
    'a name beyond its length',
    JSON.stringify({ ...sampleFacts('receipt'), authority: { name: '局'.repeat(101), code: '' } }),
  ],
  ['control characters', JSON.stringify({ ...sampleFacts('receipt'), number: '收\u0000' })],
])('is refused with %s', (_, text) => {
  expect(() => readFacts(text)).toThrow(expect.objectContaining({ code: 'RENDITION_ALTERED' }));
});
