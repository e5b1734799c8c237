import { expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '#proto';
import { ERROR_WORDS, publicCode } from './error-words.ts';

/** What the functions that the page leads to say that they throw. */
const THROWN: readonly ErrorCode[] = [
  // verifyCertificate without a demand for a key binding, readPaperCertificate
  'CERTIFICATE_MALFORMED',
  'CERTIFICATE_ISSUER',
  'TYP_MISMATCH',
  'KEY_UNKNOWN',
  'KEY_NOT_VALID',
  'KEY_REVOKED',
  'ALGORITHM_NOT_ALLOWED',
  'SIGNATURE_INVALID',
  'JWS_INVALID',
  'CERTIFICATE_DISCLOSURE',
  'CERTIFICATE_TYPE',
  'CERTIFICATE_IDENTIFIER',
  'CERTIFICATE_BINDING',
  // StatusReader.statusOf
  'STATUS_INDEX',
  'STATUS_UNKNOWN',
  // readText, references, openPdf, files
  'CERTIFICATE_REFERENCE',
  'NOT_FOUND',
  'RENDITION_ALTERED',
  'VALIDATION_FAILED',
  // the API before the route, and limits
  'REQUEST_INVALID',
  'BACK_PRESSURE',
  'SHUTTING_DOWN',
  'INTERNAL',
];

it('has words for every code that can occur, and for no other', () => {
  expect(Object.keys(ERROR_WORDS).sort()).toEqual([...THROWN].sort());
});

it('lets no code out that has no words', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[])
    expect(publicCode(code)).toBe(THROWN.includes(code) ? code : 'INTERNAL');
  expect(publicCode('__proto__' as ErrorCode)).toBe('INTERNAL');
});

it.each(Object.entries(ERROR_WORDS))('%s is said in whole sentences of both languages', (_, { zh, en }) => {
  expect(zh).toMatch(/^\p{Script=Han}[^,;:()]+。$/u);
  expect(en).toMatch(/^[A-Z][^\p{Script=Han}]+\.$/u);
  // The page tells the languages apart by this.
  expect(zh + en).not.toContain(' / ');
});
