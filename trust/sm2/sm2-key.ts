import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { SM2_BYTES } from './curve.ts';

/**
 * SubjectPublicKeyInfo (RFC 5480) of an SM2 key up to its coordinates: id-ecPublicKey, the curve 1.2.156.10197.1.301
 * (GB/T 33560), a point that is not compressed. Node has no JWK of such keys, so they are read and written this way.
 */
const SPKI_START = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d03420004', 'hex');

/**
 * Makes an SM2 key pair. A freshly generated key would sign plain ECDSA over the curve, which nobody else accepts: only
 * keys that were read from their encoding are SM2 keys to OpenSSL.
 */
export function generateSm2(): { privateKey: KeyObject; publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'SM2',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return {
    privateKey: createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' }),
    publicKey: createPublicKey({ key: publicKey, type: 'spki', format: 'der' }),
  };
}

/** The coordinates of a public SM2 key, `x ‖ y`; undefined for a key of another kind. */
export function sm2PointOf(publicKey: KeyObject): Buffer | undefined {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const isSm2 =
    spki.length === SPKI_START.length + 2 * SM2_BYTES && spki.subarray(0, SPKI_START.length).equals(SPKI_START);
  return isSm2 ? spki.subarray(SPKI_START.length) : undefined;
}

/** Public JWK of such a point; the names are this product's own, none is registered. */
export function sm2Jwk(point: Buffer): JWK {
  const [x, y] = [point.subarray(0, SM2_BYTES), point.subarray(SM2_BYTES)];
  return { kty: 'EC', crv: 'SM2', x: x.toString('base64url'), y: y.toString('base64url') };
}

/** Reads such a JWK. Throws for coordinates that are not 32 bytes of base64url or not a point of the curve. */
export function importSm2Jwk({ x, y }: JWK): KeyObject {
  const spki = Buffer.concat([SPKI_START, coordinate(x), coordinate(y)]);
  // OpenSSL refuses a point that is not on the curve.
  return createPublicKey({ key: spki, type: 'spki', format: 'der' });
}

function coordinate(text: unknown): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== SM2_BYTES || bytes.toString('base64url') !== text) throw new Error('not a coordinate of SM2');
  return bytes;
}
