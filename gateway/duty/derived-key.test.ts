import { expect, test } from 'vitest';
import { derivedKey, pseudonym, seal, unseal } from './derived-key.ts';

const API_KEY = Buffer.alloc(32, 7);
const KEY = derivedKey(API_KEY, 'second factor');
const SECRET = Buffer.from('12345678901234567890');

test('a secret opens for its owner with its key, and otherwise not at all', () => {
  const sealed = seal(KEY, SECRET, 'zhang');
  expect(unseal(KEY, sealed, 'zhang')).toEqual(SECRET);
  expect(sealed.includes(SECRET)).toBe(false);
  expect(seal(KEY, SECRET, 'zhang')).not.toEqual(sealed);
  const altered = Buffer.from(sealed);
  altered[20]! ^= 1;
  const tries = [
    () => unseal(KEY, sealed, 'li'),
    () => unseal(derivedKey(Buffer.alloc(32, 8), 'second factor'), sealed, 'zhang'),
    () => unseal(derivedKey(API_KEY, 'audit'), sealed, 'zhang'),
    () => unseal(KEY, altered, 'zhang'),
    () => unseal(KEY, sealed.subarray(0, 10), 'zhang'),
  ];
  for (const attempt of tries) expect(attempt).toThrow(expect.objectContaining({ code: 'KEY_MISSING' }));
});

test('a pseudonym is always the same for one key, and another for another', () => {
  expect(pseudonym(KEY, 'zhang')).toMatch(/^[0-9a-f]{32}$/);
  expect(pseudonym(KEY, 'zhang')).toBe(pseudonym(KEY, 'zhang'));
  expect(pseudonym(KEY, 'zhang')).not.toBe(pseudonym(KEY, 'zhan'));
  expect(pseudonym(KEY, 'zhang')).not.toBe(pseudonym(API_KEY, 'zhang'));
});
