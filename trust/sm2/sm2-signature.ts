import { createPublicKey, createSign, createVerify, hash as hashOnce, type KeyObject } from 'node:crypto';
import { SM2_CURVE } from './curve.ts';
import { derOfRaw, rawOfDer } from './der-signature.ts';
import { sm2PointOf } from './sm2-key.ts';

/** Distinguishing identifier of every signer (GB/T 35276, 10: the default where parties agreed on no other). */
const USER_ID = Buffer.from('1234567812345678');

const digests = new WeakMap<KeyObject, Buffer>();

/**
 * Signs with SM2 over SM3 (GB/T 32918.2, 6).
 *
 * @returns `r ‖ s`, 64 bytes
 */
export function sm2Sign(privateKey: KeyObject, data: Uint8Array): Buffer {
  return rawOfDer(createSign('sm3').update(userDigest(privateKey)).update(data).sign(privateKey));
}

/** Verifies a signature `r ‖ s` (GB/T 32918.2, 7); false for whatever is not a good one. */
export function sm2Verify(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const der = derOfRaw(signature);
  return der !== undefined && createVerify('sm3').update(userDigest(publicKey)).update(data).verify(publicKey, der);
}

/**
 * `Z`, the digest of the signer's id, the curve and the public key (GB/T 32918.2, 5.5), which goes before the message.
 * It is computed here because OpenSSL, called through Node, takes an empty id.
 */
function userDigest(key: KeyObject): Buffer {
  const known = digests.get(key);
  if (known) return known;
  // Node calls a generated key `ec`: it would sign plain ECDSA. One that was read has no name of a type.
  const point =
    key.asymmetricKeyType === 'ec' ? undefined : sm2PointOf(key.type === 'private' ? createPublicKey(key) : key);
  if (!point) throw new TypeError('not an SM2 key, or a generated one that was not exported and read again');
  const idBits = Buffer.alloc(2);
  idBits.writeUInt16BE(USER_ID.length * 8);
  const { a, b, gx, gy } = SM2_CURVE;
  const digest = hashOnce(
    'sm3',
    Buffer.concat([idBits, USER_ID, Buffer.from(a + b + gx + gy, 'hex'), point]),
    'buffer',
  );
  digests.set(key, digest);
  return digest;
}
