import type { FileHandle } from 'node:fs/promises';
import { CodedError } from '#proto';
import {
  CHUNK_BYTES,
  CHUNK_OVERHEAD,
  type FileKey,
  HEAD_BYTES,
  openChunk,
  STORED_CHUNK,
  sealChunk,
} from './sealed-file.ts';

/** What a sealed file holds that is not whole yet: full chunks, and the one with which writing goes on. */
export interface SealedPart {
  /** Chunks before the last one. */
  readonly index: number;
  /** Content of the last one. */
  readonly tail: Buffer;
}

/** Bytes of the file that a part of it holds. */
export function sizeOf({ index, tail }: SealedPart): number {
  return index * CHUNK_BYTES + tail.length;
}

/** A file without content yet. */
export const EMPTY_PART: SealedPart = { index: 0, tail: Buffer.alloc(0) };

/** Reads where writing goes on. A last chunk that a crash tore counts as not there. */
export async function readPart(file: FileHandle, key: FileKey): Promise<SealedPart> {
  const body = (await file.stat()).size - HEAD_BYTES;
  if (body <= 0) return EMPTY_PART;
  const index = Math.ceil(body / STORED_CHUNK) - 1;
  const stored = await readStored(file, index, body - index * STORED_CHUNK);
  for (const isLast of [false, true]) {
    try {
      return { index, tail: openChunk(key, index, isLast, stored) };
    } catch {
      // It is the other kind, or torn.
    }
  }
  return { index, tail: EMPTY_PART.tail };
}

/** Writes the content of a sealed file, chunk by chunk, from where a part of it ends. */
export class SealedWriter {
  readonly #file: FileHandle;
  readonly #key: FileKey;
  #index: number;
  #waiting: Buffer;

  constructor(file: FileHandle, key: FileKey, { index, tail }: SealedPart) {
    this.#file = file;
    this.#key = key;
    this.#index = index;
    this.#waiting = tail;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting = Buffer.concat([this.#waiting, bytes]);
    // The last chunk is sealed as such: one always waits until it is known which it is.
    while (this.#waiting.length > CHUNK_BYTES) {
      await this.#put(this.#waiting.subarray(0, CHUNK_BYTES), false);
      this.#waiting = this.#waiting.subarray(CHUNK_BYTES);
      this.#index += 1;
    }
  }

  /** Writes what waits. @param isLast whether the file is whole now */
  async end(isLast: boolean): Promise<void> {
    if (this.#waiting.length > 0) await this.#put(this.#waiting, isLast);
  }

  async #put(plain: Buffer, isLast: boolean): Promise<void> {
    const stored = sealChunk(this.#key, this.#index, isLast, plain);
    await this.#file.write(stored, 0, stored.length, HEAD_BYTES + this.#index * STORED_CHUNK);
  }
}

/**
 * The content of a whole sealed file.
 *
 * @param from bytes to leave out
 * @throws CodedError AT_REST_BROKEN before anything of a chunk that does not open in its place is handed out
 */
export async function* openedBytes(file: FileHandle, key: FileKey, from: number): AsyncIterable<Buffer> {
  const body = (await file.stat()).size - HEAD_BYTES;
  const chunks = Math.ceil(body / STORED_CHUNK);
  if (chunks < 1)
    throw new CodedError('AT_REST_BROKEN', 'the file of a material was cut off; restore it from a backup');
  for (let index = Math.floor(from / CHUNK_BYTES); index < chunks; index += 1) {
    const isLast = index === chunks - 1;
    const stored = await readStored(file, index, isLast ? body - index * STORED_CHUNK : STORED_CHUNK);
    const plain = openChunk(key, index, isLast, stored);
    const skipped = Math.max(0, from - index * CHUNK_BYTES);
    if (skipped < plain.length) yield plain.subarray(skipped);
  }
}

async function readStored(file: FileHandle, index: number, length: number): Promise<Buffer> {
  const stored = Buffer.alloc(length);
  const { bytesRead } = await file.read(stored, 0, length, HEAD_BYTES + index * STORED_CHUNK);
  return bytesRead < CHUNK_OVERHEAD ? Buffer.alloc(CHUNK_OVERHEAD) : stored.subarray(0, bytesRead);
}
