import { calculateJwkThumbprint } from 'jose';
import { expect, it } from 'vitest';
import { importPublicJwk, suiteOf } from '../suites.ts';
import { RECORDINGS } from '../testing/recording/record-vectors.ts';
import vector from './signature-sm2-sm3.json' with { type: 'json' };

const { verify, hash } = suiteOf('SM2-SM3');
const key = importPublicJwk(vector.jwk);
const message = Buffer.from(vector.message);
const bytes = (hex: string) => Buffer.from(hex, 'hex');

it('verifies the published signature of SM2 and no other', () => {
  expect(verify(key, message, bytes(vector.signature))).toBe(true);
  for (const { what, signature } of vector.bad)
    expect([what, verify(key, message, bytes(signature))]).toEqual([what, false]);
});

it('names the key as recorded', async () => {
  expect(await calculateJwkThumbprint(vector.jwk)).toBe(vector.kid);
});

it('gives the published digests of SM3', () => {
  for (const { text, sm3 } of vector.hashes) expect(hash(Buffer.from(text)).toString('hex')).toBe(sm3);
});

it('would be recorded today in the same bytes', async () => {
  expect(await RECORDINGS['signature-sm2-sm3']!()).toEqual(vector);
});
