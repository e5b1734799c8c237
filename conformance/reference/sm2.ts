import { createPublicKey, createVerify, type KeyObject } from 'node:crypto';
import { sm3 } from './wire.ts';

/** SM2 of proto/README.md, on what the standard library has of it. */

/** The object identifiers of an EC key on the curve of SM2, and the start of a point. */
const SPKI = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d03420004', 'hex');
const USER_ID = Buffer.from('1234567812345678');
/** a, b and the base point of the curve. */
const CURVE = Buffer.from(
  `FFFFFFFE FFFFFFFF FFFFFFFF FFFFFFFF FFFFFFFF 00000000 FFFFFFFF FFFFFFFC
   28E9FA9E 9D9F5E34 4D5A9E4B CF6509A7 F39789F5 15AB8F92 DDBCBD41 4D940E93
   32C4AE2C 1F198119 5F990446 6A39C994 8FE30BBF F2660BE1 715A4589 334C74C7
   BC3736A2 F4F6779C 59BDCEE3 6B692153 D0A9877C C62A4740 02DF32E5 2139F0A0`.replace(/\s/g, ''),
  'hex',
);
const ORDER = Buffer.from('FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123', 'hex');

/** Throws unless `x ‖ y` is a point of the curve. */
export function sm2Key(point: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, point]), type: 'spki', format: 'der' });
}

/** The digest `Z` of the user id, the curve and the key. */
export function sm2Z(point: Buffer): Buffer {
  return sm3(Buffer.of(0, USER_ID.length * 8), USER_ID, CURVE, point);
}

/** @param signature `r ‖ s`, 64 bytes */
export function sm2Holds(key: KeyObject, point: Buffer, content: Uint8Array, signature: Buffer): boolean {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)];
  const inRange = numbers.every((number) => number.some((byte) => byte > 0) && Buffer.compare(number, ORDER) < 0);
  const der = numbers.map((number) => {
    const digits = number.subarray(number.findIndex((byte) => byte > 0));
    const sign = digits[0]! > 127 ? [0] : [];
    return Buffer.from([2, sign.length + digits.length, ...sign, ...digits]);
  });
  const content64 = Buffer.concat(der);
  return (
    inRange &&
    createVerify('sm3')
      .update(sm2Z(point))
      .update(content)
      .verify(key, Buffer.concat([Buffer.of(48, content64.length), content64]))
  );
}
