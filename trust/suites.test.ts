import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { importPublicJwk, SUITE_NAMES, suiteOf, suiteOfKey } from './suites.ts';

const DATA = Buffer.from('跨域通办');
const other = { ES256: 'Ed25519', Ed25519: 'ES256' } as const;

describe.each(SUITE_NAMES)('suite %s', (name) => {
  const suite = suiteOf(name);
  const { privateKey, publicKey } = suite.generate();

  it('verifies its own signatures of 64 bytes', () => {
    const signature = suite.sign(privateKey, DATA);
    expect(signature).toHaveLength(64);
    expect(suite.verify(publicKey, DATA, signature)).toBe(true);
  });

  it('refuses other data, other keys and altered signatures', () => {
    const signature = suite.sign(privateKey, DATA);
    expect(suite.verify(publicKey, Buffer.from('跨省通办'), signature)).toBe(false);
    expect(suite.verify(suite.generate().publicKey, DATA, signature)).toBe(false);
    for (let at = 0; at < 64; at++) {
      const altered = Buffer.from(signature);
      altered[at]! ^= 1;
      expect(suite.verify(publicKey, DATA, altered)).toBe(false);
    }
  });

  it('takes no signature of another length or form, and does not throw', () => {
    const signature = suite.sign(privateKey, DATA);
    for (const bad of [
      Buffer.alloc(0),
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
      signature.subarray(1),
      Buffer.concat([signature, Buffer.alloc(1)]),
    ])
      expect(suite.verify(publicKey, DATA, bad)).toBe(false);
  });

  it('owns its keys and not those of the other suite', () => {
    expect(suite.owns(publicKey.export({ format: 'jwk' }))).toBe(true);
    expect(suiteOf(other[name]).owns(publicKey.export({ format: 'jwk' }))).toBe(false);
    expect(suiteOfKey(publicKey.export({ format: 'jwk' }))).toBe(suite);
  });

  it('hashes the concatenation of the parts with SHA-256', () => {
    const expected = createHash('sha256').update('abc').digest();
    expect(suite.hash(Buffer.from('a'), Buffer.from('bc'))).toEqual(expected);
    expect(suite.hash(Buffer.from('abc'))).toEqual(expected);
  });
});

it('knows no other suite', () => {
  for (const name of ['', 'none', 'HS256', 'EdDSA', 'es256', 'constructor'])
    expect(() => suiteOf(name)).toThrow(expect.objectContaining({ code: 'SUITE_MISMATCH' }));
});

it('has no suite for RSA, P-384 or X25519 keys', async () => {
  const rsa = await exportJWK((await generateKeyPair('RS256', { extractable: true })).publicKey);
  const p384 = await exportJWK((await generateKeyPair('ES384', { extractable: true })).publicKey);
  for (const jwk of [rsa, p384, { kty: 'OKP', crv: 'X25519', x: 'AA' }, {}]) expect(suiteOfKey(jwk)).toBeUndefined();
});

it('reads no private key, no shared secret and no point off the curve as a public key', () => {
  const { privateKey, publicKey } = suiteOf('ES256').generate();
  const jwk = publicKey.export({ format: 'jwk' });
  for (const bad of [privateKey.export({ format: 'jwk' }), { ...jwk, y: jwk.x }, { kty: 'oct', k: 'AA' }, {}])
    expect(() => importPublicJwk(bad)).toThrow(expect.objectContaining({ code: 'JWS_INVALID' }));
});
