import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { CodedError } from '#proto';
import { STORAGE_CIPHERS, type StorageCipher } from '#trust';
import { formOf } from '../store/vault/sealed-value.ts';
import type { Vault } from '../store/vault/vault.ts';

/**
 * A sealed file:
 *
 *     head    mark (16) | two places (128 each) for its key: length (2, big-endian), then a sealed value of cipher (1) and key
 *     chunks  nonce (12) | ciphertext of 262144 bytes, fewer in the last | tag (16)
 *
 * Associated data of a chunk: `tongban file`, its number from 0, and 1 for the last and 0 for any other, each on a line of its
 * own. The key is wrapped by a storage key, of which the sealed value names the first four bytes of the id, for `file` and the
 * file's case and digest, each on a line of its own. Under a newer storage key it is wrapped anew into the place that is not in
 * use, so that there is always one that opens.
 */
const MARK = Buffer.from('8a54424e47534641540d0a1a0a010000', 'hex');
const PLACE_BYTES = 128;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER_CODES = { 'AES-256-GCM': 1, 'SM4-GCM': 2 } as const satisfies Record<StorageCipher, number>;

/** Bytes of the head of a sealed file. */
export const HEAD_BYTES = MARK.length + 2 * PLACE_BYTES;
/** Bytes of a file in one chunk. */
export const CHUNK_BYTES = 256 * 1024;
/** Bytes that a chunk takes beyond its content. */
export const CHUNK_OVERHEAD = NONCE_BYTES + TAG_BYTES;
/** Bytes of a full chunk as it is stored. */
export const STORED_CHUNK = CHUNK_BYTES + CHUNK_OVERHEAD;

/** The key of one file. */
export interface FileKey {
  readonly cipher: StorageCipher;
  readonly key: Buffer;
}

/** A fresh key of random bits; undefined where nothing is sealed. */
export function newFileKey({ cipher }: Vault): FileKey | undefined {
  return cipher && { cipher, key: randomBytes(STORAGE_CIPHERS[cipher].keyBytes) };
}

/** @param index number of the chunk in its file, from 0 */
export function sealChunk({ cipher, key }: FileKey, index: number, isLast: boolean, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const sealing = createCipheriv(STORAGE_CIPHERS[cipher].name, key, nonce);
  sealing.setAAD(placeOf(index, isLast));
  return Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

/** @throws CodedError AT_REST_BROKEN when it was altered, or is another chunk, or of another file */
export function openChunk({ cipher, key }: FileKey, index: number, isLast: boolean, stored: Uint8Array): Buffer {
  try {
    const opening = createDecipheriv(STORAGE_CIPHERS[cipher].name, key, stored.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    opening.setAAD(placeOf(index, isLast));
    opening.setAuthTag(stored.subarray(-TAG_BYTES));
    return Buffer.concat([opening.update(stored.subarray(NONCE_BYTES, -TAG_BYTES)), opening.final()]);
  } catch {
    throw new CodedError('AT_REST_BROKEN', 'the file of a material was altered or cut off; restore it from a backup');
  }
}

/** The head of a new file. @param row the file's case and digest */
export function headOf(vault: Vault, row: string, key: FileKey): Buffer {
  return Buffer.concat([MARK, filledPlace(vault, row, key), Buffer.alloc(PLACE_BYTES)]);
}

/**
 * Reads the key from the head of a file.
 *
 * @returns undefined for a file that is not sealed, or has none yet
 * @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN
 */
export async function readFileKey(file: FileHandle, vault: Vault, row: string): Promise<FileKey | undefined> {
  const places = await readPlaces(file);
  if (!places) return undefined;
  let failure: unknown;
  for (const { sealed } of places) {
    try {
      return keyOf(vault.unwrapKey(row, sealed));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure ?? new CodedError('AT_REST_BROKEN');
}

/**
 * Wraps the key of a file under the newest storage key, if it is not.
 *
 * @returns whether it was
 * @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN
 */
export async function renewHead(file: FileHandle, vault: Vault, row: string): Promise<boolean> {
  const places = (await readPlaces(file)) ?? [];
  if (places.some(({ sealed }) => vault.isNewest(sealed))) return false;
  const key = await readFileKey(file, vault, row);
  if (!key) return false;
  const inUse = places.find(({ sealed }) => isOpen(vault, row, sealed))!;
  await file.write(filledPlace(vault, row, key), 0, PLACE_BYTES, MARK.length + (1 - inUse.at) * PLACE_BYTES);
  await file.datasync();
  return true;
}

function isOpen(vault: Vault, row: string, sealed: Buffer): boolean {
  try {
    vault.unwrapKey(row, sealed);
    return true;
  } catch {
    return false;
  }
}

/** What the places of a head hold; undefined without a head. */
async function readPlaces(file: FileHandle): Promise<{ readonly at: number; readonly sealed: Buffer }[] | undefined> {
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
  if (bytesRead < HEAD_BYTES || !head.subarray(0, MARK.length).equals(MARK)) return undefined;
  return [0, 1].flatMap((at) => {
    const place = head.subarray(MARK.length + at * PLACE_BYTES).subarray(0, PLACE_BYTES);
    const sealed = place.subarray(2, 2 + Math.min(place.readUInt16BE(0), PLACE_BYTES - 2));
    return formOf(sealed).kind === 'sealed' ? [{ at, sealed }] : [];
  });
}

function filledPlace(vault: Vault, row: string, { cipher, key }: FileKey): Buffer {
  const sealed = vault.wrapKey(row, Buffer.concat([Buffer.of(CIPHER_CODES[cipher]), key]));
  const place = Buffer.alloc(PLACE_BYTES);
  place.writeUInt16BE(sealed.length);
  place.set(sealed, 2);
  return place;
}

function keyOf(opened: Buffer): FileKey {
  const cipher = Object.entries(CIPHER_CODES).find(([, code]) => code === opened[0])?.[0] as StorageCipher | undefined;
  if (!cipher) throw new CodedError('AT_REST_BROKEN');
  return { cipher, key: opened.subarray(1) };
}

function placeOf(index: number, isLast: boolean): Buffer {
  return Buffer.from(`tongban file\n${index}\n${isLast ? 1 : 0}`);
}
