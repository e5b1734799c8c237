import { expect, test } from 'vitest';
import { SALT_BYTES } from '#proto';
import { newSalt } from './salts.ts';

test('salts are never the same, never empty, and stay as they were given', () => {
  const salts = Array.from({ length: 2000 }, newSalt);
  const given = salts.map((salt) => salt.toString('hex'));
  for (let more = 0; more < 2000; more += 1) newSalt();
  expect(new Set(given).size).toBe(2000);
  expect(given).not.toContain('00'.repeat(SALT_BYTES));
  expect(salts.map((salt) => salt.toString('hex'))).toEqual(given);
  expect(new Set(salts.map((salt) => salt.length))).toEqual(new Set([SALT_BYTES]));
});
