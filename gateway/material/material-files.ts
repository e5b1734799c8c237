import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError, LIMITS } from '#proto';

/** Bytes between two records of how far an upload got. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

/** A file of a case, named by its content. */
export interface StoredMaterial {
  readonly digest: Buffer;
  readonly size: number;
}

/**
 * Writes a file as it streams in.
 *
 * @throws CodedError MATERIAL_TOO_LARGE, REQUEST_INVALID when there is nothing in it
 */
export async function writeHashed(path: string, bytes: AsyncIterable<Uint8Array>): Promise<StoredMaterial> {
  await makeFolder(dirname(path));
  const file = await open(path, 'w', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of bytes) {
      size += chunk.length;
      if (size > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (size === 0) throw new CodedError('REQUEST_INVALID', 'the file is empty');
  return { digest: hash.digest(), size };
}

/**
 * Appends chunks to a part of a file.
 *
 * @param offset bytes that it has
 * @param size bytes that the whole has
 * @returns how many bytes it has afterwards; fewer than `size` when the sender stopped early
 * @throws CodedError MATERIAL_DIGEST when more came than announced
 */
export async function appendChunks(
  path: string,
  offset: number,
  size: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  await makeFolder(dirname(path));
  const file = await open(path, 'a', 0o600);
  let reached = offset;
  let synced = offset;
  try {
    // Bytes that no row knows of were left by a crash.
    await file.truncate(offset);
    for await (const chunk of chunks) {
      if (reached + chunk.length > size) throw new CodedError('MATERIAL_DIGEST', 'more bytes came than announced');
      await file.appendFile(chunk);
      reached += chunk.length;
      if (reached - synced >= PROGRESS_BYTES) {
        await file.datasync();
        synced = reached;
      }
    }
    await file.sync();
    return reached;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'MATERIAL_DIGEST') await truncate(path, 0);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * The bytes of a file in chunks. It is opened when the first is asked for, so that one that was erased meanwhile fails
 * whoever reads it, and nobody else.
 *
 * @param from bytes to leave out
 */
export async function* bytesOf(path: string, from: number): AsyncIterable<Buffer> {
  yield* createReadStream(path, { start: from, highWaterMark: LIMITS.chunkBytes });
}

/** SHA-256 of a file. */
export async function digestOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest();
}

/** Renames, and makes the rename durable with every folder that it needs. */
export async function moveInto(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** A folder that is new is durable only once the one that it stands in is. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Bytes of a file; 0 when it is not there. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
