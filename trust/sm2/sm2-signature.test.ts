import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { sm2 } from 'sm-crypto-v2';
import { describe, expect, it } from 'vitest';
import { publicJwkOf } from '../suites.ts';
import { oracleSigns, oracleVerifies, sm2KeyPair } from '../testing/sm2-oracle.ts';
import { rawOfDer } from './der-signature.ts';
import { generateSm2, sm2PointOf } from './sm2-key.ts';
import { sm2Sign, sm2Verify } from './sm2-signature.ts';

const MESSAGES = fc.uint8Array({ maxLength: 3000 });
const RUNS = { numRuns: 30 };
const DATA = Buffer.from('跨域通办');

/** The example of GB/T 32918.5 (GM/T 0003.5): user id 1234567812345678. */
const PUBLISHED = {
  secret: '3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8',
  x: '09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020',
  y: 'ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
  message: Buffer.from('message digest'),
  r: 'f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3',
  s: 'b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa',
};

describe('the published example', () => {
  const { privateKey, publicKey } = sm2KeyPair(PUBLISHED.secret);
  const signature = Buffer.from(PUBLISHED.r + PUBLISHED.s, 'hex');

  it('has the published public key', () => {
    const [x, y] = [PUBLISHED.x, PUBLISHED.y].map((number) => Buffer.from(number, 'hex').toString('base64url'));
    expect(publicJwkOf(publicKey)).toEqual({ kty: 'EC', crv: 'SM2', x, y });
  });

  it('verifies, here and elsewhere', () => {
    expect(sm2Verify(publicKey, PUBLISHED.message, signature)).toBe(true);
    expect(oracleVerifies(publicKey, PUBLISHED.message, signature)).toBe(true);
    expect(sm2Verify(publicKey, Buffer.from('message digesT'), signature)).toBe(false);
  });

  it('has a key that signs for others', () => {
    expect(oracleVerifies(publicKey, PUBLISHED.message, sm2Sign(privateKey, PUBLISHED.message))).toBe(true);
  });
});

describe('against another implementation', () => {
  const { privateKey, publicKey } = generateSm2();

  it('what we sign verifies there', () => {
    const ours = (message: Uint8Array) => oracleVerifies(publicKey, message, sm2Sign(privateKey, message));
    fc.assert(fc.property(MESSAGES, ours), RUNS);
  });

  it('what it signs verifies here, and for no other message', () => {
    const theirs = (message: Uint8Array) => {
      const signature = oracleSigns(privateKey, message);
      const other = Buffer.concat([message, Buffer.of(0)]);
      return sm2Verify(publicKey, message, signature) && !sm2Verify(publicKey, other, signature);
    };
    fc.assert(fc.property(MESSAGES, theirs), RUNS);
  });

  it('its own keys are keys here', () => {
    const pair = sm2KeyPair(sm2.generateKeyPairHex().privateKey);
    expect(oracleVerifies(pair.publicKey, DATA, sm2Sign(pair.privateKey, DATA))).toBe(true);
  });

  it('a signature in DER is the same there and here', () => {
    const secret = PUBLISHED.secret;
    const options = { der: true, hash: true, userId: '1234567812345678' };
    const der = Buffer.from(sm2.doSignature(DATA, secret, options), 'hex');
    expect(sm2Verify(sm2KeyPair(secret).publicKey, DATA, rawOfDer(der))).toBe(true);
  });
});

describe('a signature', () => {
  const { privateKey, publicKey } = sm2KeyPair(PUBLISHED.secret);

  it('counts for no other user id', () => {
    for (const userId of ['', '1234567812345679']) {
      const other = sm2.doSignature(DATA, PUBLISHED.secret, { hash: true, userId });
      expect(sm2Verify(publicKey, DATA, Buffer.from(other, 'hex'))).toBe(false);
    }
  });

  it('of plain ECDSA over the same curve is none, and a key that would make one is refused', () => {
    const generated = generateKeyPairSync('ec', { namedCurve: 'SM2' });
    const spki = generated.publicKey.export({ type: 'spki', format: 'der' });
    const ecdsa = rawOfDer(sign('sm3', DATA, generated.privateKey));
    expect(sm2Verify(createPublicKey({ key: spki, type: 'spki', format: 'der' }), DATA, ecdsa)).toBe(false);
    expect(() => sm2Sign(generated.privateKey, DATA)).toThrow(TypeError);
    expect(() => sm2Verify(generated.publicKey, DATA, ecdsa)).toThrow(TypeError);
  });

  it('is not made by a key of another kind', () => {
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => sm2Sign(p256.privateKey, DATA)).toThrow(TypeError);
    expect(sm2PointOf(p256.publicKey)).toBeUndefined();
  });

  it('is another each time', () => {
    expect(sm2Sign(privateKey, DATA)).not.toEqual(sm2Sign(privateKey, DATA));
  });
});
