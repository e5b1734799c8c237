import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { sm3 } from 'sm-crypto-v2';
import { describe, expect, it } from 'vitest';
import { importPublicJwk, publicJwkOf, SUITE_NAMES, suiteOf, suiteOfKey } from './suites.ts';

const DATA = Buffer.from('跨域通办');

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

  it('owns its keys and not those of another suite, and reads them back', () => {
    const jwk = publicJwkOf(publicKey);
    expect(SUITE_NAMES.filter((other) => suiteOf(other).owns(jwk))).toEqual([name]);
    expect(suiteOfKey(jwk)).toBe(suite);
    expect(importPublicJwk(jwk).equals(publicKey)).toBe(true);
  });

  it('hashes the concatenation of the parts with its hash', () => {
    const expected = createHash(name === 'SM2-SM3' ? 'sm3' : 'sha256')
      .update('abc')
      .digest();
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

it.each(['ES256', 'SM2-SM3'] as const)('reads no %s key that is private or off the curve as a public one', (name) => {
  const jwk = publicJwkOf(suiteOf(name).generate().publicKey);
  for (const bad of [
    { ...jwk, d: jwk.x! },
    { ...jwk, y: jwk.x! },
    { ...jwk, x: '' },
    { kty: jwk.kty!, crv: jwk.crv! },
  ])
    expect(() => importPublicJwk(bad)).toThrow(expect.objectContaining({ code: 'JWS_INVALID' }));
});

it.each(SUITE_NAMES)('reads a %s key in one spelling only', (name) => {
  const jwk = publicJwkOf(suiteOf(name).generate().publicKey);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet[alphabet.indexOf(jwk.x!.at(-1)!) + 1]!;
  for (const x of [jwk.x!.slice(0, -1) + last, `${jwk.x}=`, ` ${jwk.x}`])
    expect(() => importPublicJwk({ ...jwk, x })).toThrow(expect.objectContaining({ code: 'JWS_INVALID' }));
});

it('reads no shared secret as a public key', () => {
  for (const bad of [{ kty: 'oct', k: 'AA' }, {}])
    expect(() => importPublicJwk(bad)).toThrow(expect.objectContaining({ code: 'JWS_INVALID' }));
});

it('hashes as GB/T 32905 says', () => {
  const { hash } = suiteOf('SM2-SM3');
  const published = [
    ['abc', '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'],
    ['abcd'.repeat(16), 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732'],
  ] as const;
  for (const [text, digest] of published) {
    expect(hash(Buffer.from(text)).toString('hex')).toBe(digest);
    expect(sm3(text)).toBe(digest);
  }
});
