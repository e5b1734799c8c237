import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { CodedError } from '#proto';
import { STORAGE_CIPHERS, type StorageCipher } from '#trust';

/**
 * A stored value is one of three, told apart by its first bytes:
 *
 *     sealed   07 | cipher (01 AES-256-GCM, 02 SM4-GCM) | number of the data key (4, big-endian) | nonce (12) | ciphertext | tag (16)
 *     escaped  07 | 00 | the plain value, since by itself it would look like one of these two
 *     plain    anything else
 *
 * Associated data: the six bytes before the nonce, `table.column`, a line break, and the name of the row. A text column
 * holds `~tb:` and the base64url of the same bytes, or `~tp:` and an escaped text.
 */
const MARK = 0x07;
const ESCAPED = 0x00;
const CIPHER_CODES = { 'AES-256-GCM': 0x01, 'SM4-GCM': 0x02 } as const satisfies Record<StorageCipher, number>;
const CIPHERS = new Map<number, StorageCipher>([
  [0x01, 'AES-256-GCM'],
  [0x02, 'SM4-GCM'],
]);
const HEAD_BYTES = 6;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Nothing shorter is ever sealed or escaped: salts of 32 random bytes from before may begin with any byte. */
const LEAST_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;
const SEALED_TEXT = '~tb:';
const ESCAPED_TEXT = '~tp:';
/** As many characters of a sealed text as hold the first bytes of the shortest one. */
const FIRST_CHARACTERS = SEALED_TEXT.length + Math.ceil((LEAST_BYTES * 4) / 3);

/** A key of values, open. */
export interface ValueKey {
  /** 1 to 2^32 - 1. */
  readonly id: number;
  readonly cipher: StorageCipher;
  readonly key: Buffer;
}

/** What the first bytes of a stored value say. */
export type ValueForm = { readonly kind: 'plain' | 'escaped' } | { readonly kind: 'sealed'; readonly key: number };

const PLAIN = { kind: 'plain' } as const;

/** Reads the first bytes alone. */
export function formOf(stored: Uint8Array): ValueForm {
  if (stored.length < LEAST_BYTES || stored[0] !== MARK) return PLAIN;
  if (stored[1] === ESCAPED) return { kind: 'escaped' };
  if (!CIPHERS.has(stored[1]!)) return PLAIN;
  return { kind: 'sealed', key: viewOf(stored).getUint32(2) };
}

/** {@link formOf} of what a text column holds. No key has the number 0: the mark alone makes no sealed text. */
export function formOfText(stored: string): ValueForm {
  if (stored.startsWith(ESCAPED_TEXT)) return { kind: 'escaped' };
  if (!stored.startsWith(SEALED_TEXT)) return PLAIN;
  const form = formOf(bytesOfText(stored.slice(0, FIRST_CHARACTERS)));
  return form.kind === 'sealed' ? form : { kind: 'sealed', key: 0 };
}

/** @param place `table.column`, a line break, and the name of the row */
export function sealValue(
  { id, cipher, key }: ValueKey,
  place: string,
  plain: Uint8Array,
  nonce = freshNonce(),
): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = MARK;
  head[1] = CIPHER_CODES[cipher];
  head.writeUInt32BE(id, 2);
  const sealing = createCipheriv(STORAGE_CIPHERS[cipher].name, key, nonce);
  sealing.setAAD(Buffer.concat([head, Buffer.from(place)]));
  return Buffer.concat([head, nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

/**
 * Opens a sealed value.
 *
 * @throws CodedError AT_REST_BROKEN when it was altered, or sealed for another place
 */
export function openValue({ cipher, key }: ValueKey, place: string, stored: Uint8Array): Buffer {
  const ciphertext = HEAD_BYTES + NONCE_BYTES;
  const nonce = stored.subarray(HEAD_BYTES, ciphertext);
  try {
    const opening = createDecipheriv(STORAGE_CIPHERS[cipher].name, key, nonce, {
      authTagLength: TAG_BYTES,
    });
    opening.setAAD(Buffer.concat([stored.subarray(0, HEAD_BYTES), Buffer.from(place)]));
    opening.setAuthTag(stored.subarray(-TAG_BYTES));
    return Buffer.concat([opening.update(stored.subarray(ciphertext, -TAG_BYTES)), opening.final()]);
  } catch {
    throw new CodedError('AT_REST_BROKEN');
  }
}

/** A plain value as it stands where nothing is sealed: escaped if need be. */
export function plainForm(plain: Uint8Array): Uint8Array {
  return formOf(plain).kind === 'plain' ? plain : Buffer.concat([Buffer.of(MARK, ESCAPED), plain]);
}

/** What a plain or escaped value holds. */
export function plainOf(stored: Buffer): Buffer {
  return formOf(stored).kind === 'escaped' ? stored.subarray(2) : stored;
}

/** Bytes of a value as a text column holds them. */
export function textOf(bytes: Uint8Array): string {
  return SEALED_TEXT + Buffer.from(bytes).toString('base64url');
}

/** @returns the bytes behind the mark of a sealed text */
export function bytesOfText(stored: string): Buffer {
  return Buffer.from(stored.slice(SEALED_TEXT.length), 'base64url');
}

/** A plain text as it stands where nothing is sealed: escaped if need be. */
export function plainTextForm(plain: string): string {
  return plain.startsWith(SEALED_TEXT) || plain.startsWith(ESCAPED_TEXT) ? ESCAPED_TEXT + plain : plain;
}

/** What a plain or escaped text holds. */
export function plainTextOf(stored: string): string {
  return stored.startsWith(ESCAPED_TEXT) ? stored.slice(ESCAPED_TEXT.length) : stored;
}

/** Random bits come cheaper by the page. */
const POOL_BYTES = 6000;
const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

function freshNonce(): Buffer {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += NONCE_BYTES;
  return Buffer.from(pool.subarray(used - NONCE_BYTES, used));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
