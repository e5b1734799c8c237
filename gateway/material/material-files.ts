import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError, LIMITS } from '#proto';
import type { Vault } from '../store/vault/vault.ts';
import { type FileKey, HEAD_BYTES, headOf, newFileKey, readFileKey, renewHead, STORED_CHUNK } from './sealed-file.ts';
import { EMPTY_PART, openedBytes, readPart, SealedWriter, sizeOf } from './sealed-stream.ts';

/** Bytes between two records of how far an upload got. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

/** A file of a case, named by its content. */
export interface StoredMaterial {
  readonly digest: Buffer;
  readonly size: number;
}

/** Takes the bytes of a file, plain or sealed. */
interface Sink {
  write(bytes: Uint8Array): Promise<unknown>;
  /** @param isLast whether the file is whole now */
  end(isLast: boolean): Promise<void>;
}

/**
 * Writes a file as it streams in. Of a sealed one the head is still to be written: it names the content.
 *
 * @param key undefined for a file that is not sealed
 * @throws CodedError MATERIAL_TOO_LARGE, REQUEST_INVALID when there is nothing in it
 */
export async function writeHashed(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  key?: FileKey,
): Promise<StoredMaterial> {
  await makeFolder(dirname(path));
  const file = await open(path, 'w', 0o600);
  const sink = key ? new SealedWriter(file, key, EMPTY_PART) : plainSink(file);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of bytes) {
      size += chunk.length;
      if (size > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
      hash.update(chunk);
      await sink.write(chunk);
    }
    await sink.end(true);
    await file.sync();
  } finally {
    await file.close();
  }
  if (size === 0) throw new CodedError('REQUEST_INVALID', 'the file is empty');
  return { digest: hash.digest(), size };
}

/** Writes the head of a sealed file that has its content. @param row the file's case and digest */
export async function writeHead(path: string, vault: Vault, row: string, key: FileKey): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(headOf(vault, row, key), 0, HEAD_BYTES, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Part of a file that is arriving, open for more. */
export interface OpenPart {
  readonly file: FileHandle;
  readonly sink: Sink;
  /** Bytes that it has. */
  readonly offset: number;
}

/**
 * Opens a part of a plain file.
 *
 * @param offset bytes that it has: those that no row knows of were left by a crash
 */
export async function openPlainPart(path: string, offset: number): Promise<OpenPart> {
  await makeFolder(dirname(path));
  const file = await open(path, 'a', 0o600);
  await file.truncate(offset);
  return { file, sink: plainSink(file), offset };
}

/** Opens a part of a sealed file; one that cannot be read begins anew. */
export async function openSealedPart(path: string, vault: Vault, row: string): Promise<OpenPart> {
  await makeFolder(dirname(path));
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let key = await readFileKey(file, vault, row).catch(() => undefined);
  const part = key ? await readPart(file, key) : EMPTY_PART;
  // What a crash tore is no beginning of what comes next.
  if (part.tail.length === 0) await file.truncate(key ? HEAD_BYTES + part.index * STORED_CHUNK : 0);
  if (key) await renewHead(file, vault, row);
  else {
    key = newFileKey(vault)!;
    await file.write(headOf(vault, row, key), 0, HEAD_BYTES, 0);
  }
  return { file, sink: new SealedWriter(file, key, part), offset: sizeOf(part) };
}

/** Bytes that a part of a sealed file has; 0 when it is not there, or cannot be read. */
export async function sealedPartSize(path: string, vault: Vault, row: string): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return 0;
  try {
    const key = await readFileKey(file, vault, row);
    return key ? sizeOf(await readPart(file, key)) : 0;
  } catch {
    return 0;
  } finally {
    await file.close();
  }
}

/**
 * Appends chunks to a part of a file, and closes it.
 *
 * @param size bytes that the whole has
 * @returns how many bytes it has afterwards; fewer than `size` when the sender stopped early
 * @throws CodedError MATERIAL_DIGEST when more came than announced
 */
export async function appendChunks(
  { file, sink, offset }: OpenPart,
  size: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  let reached = offset;
  let synced = offset;
  try {
    for await (const chunk of chunks) {
      if (reached + chunk.length > size) throw new CodedError('MATERIAL_DIGEST', 'more bytes came than announced');
      await sink.write(chunk);
      reached += chunk.length;
      if (reached - synced >= PROGRESS_BYTES) {
        await file.datasync();
        synced = reached;
      }
    }
    await sink.end(reached === size);
    await file.sync();
    return reached;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'MATERIAL_DIGEST') await file.truncate(0);
    else await sink.end(false).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

function plainSink(file: FileHandle): Sink {
  return { write: (bytes) => file.appendFile(bytes), end: async () => {} };
}

/**
 * The bytes of a file in chunks. It is opened when the first is asked for, so that one that was erased meanwhile fails
 * whoever reads it, and nobody else.
 *
 * @param row the file's case and digest
 * @param from bytes to leave out
 * @throws CodedError AT_REST_LOCKED, AT_REST_BROKEN, AT_REST_PLAIN
 */
export async function* bytesOf(path: string, vault: Vault, row: string, from = 0): AsyncIterable<Buffer> {
  const file = await open(path, 'r');
  try {
    const key = await readFileKey(file, vault, row);
    if (key) return yield* openedBytes(file, key, from);
    vault.demandPlainAllowed();
    yield* file.createReadStream({ start: from, highWaterMark: LIMITS.chunkBytes, autoClose: false });
  } finally {
    await file.close();
  }
}

/** SHA-256 of the content of a file. */
export async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
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
