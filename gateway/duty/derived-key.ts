import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { CodedError } from '#proto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What is made from the key of the API's tokens for another use (RFC 5869), so that the key folder has no further file. */
export function derivedKey(apiKey: Uint8Array, use: 'second factor' | 'audit'): Buffer {
  return Buffer.from(hkdfSync('sha256', apiKey, '', `tongban ${use} v1`, 32));
}

/** A name that stands for a text, and for whoever has not the key tells nothing of it: 32 hexadecimal digits. */
export function pseudonym(key: Uint8Array, text: string | Uint8Array): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}

/** Seals a secret for the database (AES-256-GCM). @param owner whose it is: it opens for nobody else */
export function seal(key: Uint8Array, secret: Uint8Array, owner: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
  return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** @throws CodedError KEY_MISSING when the key is another, or the secret was altered or is somebody else's */
export function unseal(key: Uint8Array, sealed: Buffer, owner: string): Buffer {
  try {
    const [nonce, tag] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(-TAG_BYTES)];
    const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()]);
  } catch (cause) {
    throw new CodedError('KEY_MISSING', 'the API key is not that of the enrolment; enrol the administrator anew', [], {
      cause,
    });
  }
}
