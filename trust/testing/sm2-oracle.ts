import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';

/** SM2 as another implementation has it. A signature that only we accept would prove nothing. */

const OPTIONS = { hash: true, userId: '1234567812345678' } as const;

export function oracleSigns(privateKey: KeyObject, data: Uint8Array): Buffer {
  return Buffer.from(sm2.doSignature(data, secretOf(privateKey), OPTIONS), 'hex');
}

/** @param signature `r ‖ s` */
export function oracleVerifies(publicKey: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  return sm2.doVerifySignature(data, Buffer.from(signature).toString('hex'), pointOf(publicKey), OPTIONS);
}

/** The key pair of a private number of 64 hex digits. */
export function sm2KeyPair(secret: string): { privateKey: KeyObject; publicKey: KeyObject } {
  // ECPrivateKey (RFC 5915): version 1, the number, the curve, the point.
  const start = `30770201010420${secret}a00a06082a811ccf5501822da144034200`;
  const key = Buffer.from(start + sm2.getPublicKeyFromPrivateKey(secret), 'hex');
  const privateKey = createPrivateKey({ key, type: 'sec1', format: 'der' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The private number stands after 36 bytes of PKCS#8. */
function secretOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(36, 68).toString('hex');
}

/** `04 ‖ x ‖ y` ends the SubjectPublicKeyInfo. */
function pointOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-65).toString('hex');
}
