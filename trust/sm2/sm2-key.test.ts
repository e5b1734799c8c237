import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { SM2_CURVE } from './curve.ts';
import { generateSm2, importSm2Jwk, sm2Jwk, sm2PointOf } from './sm2-key.ts';

const { privateKey, publicKey } = generateSm2();
const jwk = sm2Jwk(sm2PointOf(publicKey)!);

describe('a public JWK of SM2', () => {
  it('is read back as the same key, that of the private one', () => {
    expect(importSm2Jwk(jwk).equals(publicKey)).toBe(true);
    expect(createPublicKey(privateKey).equals(publicKey)).toBe(true);
  });

  it('has a thumbprint to others too', async () => {
    expect(await calculateJwkThumbprint(jwk)).toMatch(/^[\w-]{43}$/);
  });

  it.each([
    ['a coordinate that is missing', { y: undefined }],
    ['a coordinate that is too short', { x: Buffer.alloc(31, 1).toString('base64url') }],
    ['a coordinate that is too long', { x: Buffer.alloc(33, 1).toString('base64url') }],
    ['padding', { x: `${jwk.x}=` }],
    ['another spelling of the same bytes', { x: jwk.x!.slice(0, -1) + otherLast(jwk.x!) }],
    ['a point off the curve', { y: jwk.x }],
    ['the point of zeros', { x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['a coordinate that is no number of the field', { x: Buffer.alloc(32, 0xff).toString('base64url') }],
  ])('is refused with %s', (_, change) => {
    expect(() => importSm2Jwk({ ...jwk, ...change } as typeof jwk)).toThrow();
  });
});

it('tells SM2 keys from keys of P-256 and Ed25519', () => {
  expect(sm2PointOf(publicKey)).toHaveLength(64);
  expect(sm2PointOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)).toBeUndefined();
  expect(sm2PointOf(generateKeyPairSync('ed25519').publicKey)).toBeUndefined();
});

it('has the curve of OpenSSL: the base point is on it', () => {
  const base = sm2Jwk(Buffer.from(SM2_CURVE.gx + SM2_CURVE.gy, 'hex'));
  expect(importSm2Jwk(base).type).toBe('public');
});

/** 32 bytes leave two unused bits in the last character: three other characters decode to the same bytes. */
function otherLast(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(text.at(-1)!) + 1]!;
}
