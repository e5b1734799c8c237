import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CodedError, LIMITS } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';

/** A file of a case, named by its content. */
export interface StoredMaterial {
  readonly digest: Buffer;
  readonly size: number;
}

/** Milliseconds after which a staged file that no envelope named is removed. */
const STAGED_FOR_MS = 24 * 60 * 60 * 1000;
/** Bytes between two records of how far an upload got. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

interface MaterialRow {
  readonly size: number;
  readonly state: 'arriving' | 'staged' | 'held';
}

/**
 * Material files (材料), one folder a case, so that nobody can ask for a digest across cases and erasing a case erases
 * its files. Files stream in constant memory; a file counts only once its digest was checked.
 */
export class MaterialStore {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #quota: number;
  readonly #writing = new Set<string>();

  /** @param quota bytes that one peer may have staged */
  constructor(store: Store, clock: Clock, folder: string, quota: number) {
    this.#store = store;
    this.#clock = clock;
    this.#folder = folder;
    this.#quota = quota;
  }

  /**
   * Takes a file from the own side: a window's upload.
   *
   * @throws CodedError MATERIAL_TOO_LARGE
   */
  async take(conversation: string, bytes: AsyncIterable<Uint8Array>): Promise<StoredMaterial> {
    const temporary = join(this.#folder, 'uploads', `${conversation}-${process.hrtime.bigint()}`);
    try {
      const taken = await writeHashed(temporary, bytes);
      const path = this.#path(conversation, taken.digest);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await moveInto(temporary, path);
      await this.#store.write((tx) => this.#record(tx, conversation, '', taken.digest, taken.size, 'held'));
      return taken;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** How much of a file a peer staged. */
  async status(peer: string, conversation: string, digest: Buffer): Promise<{ offset: number; complete: boolean }> {
    const row = await this.#row(this.#store.read, peer, conversation, digest);
    if (!row) return { offset: 0, complete: false };
    if (row.state !== 'arriving') return { offset: row.size, complete: true };
    return { offset: await fileSize(this.#partPath(peer, conversation, digest)), complete: false };
  }

  /**
   * Takes chunks of a file from a peer, from the offset where the staged part ends.
   *
   * @throws CodedError MATERIAL_TOO_LARGE, MATERIAL_OFFSET, MATERIAL_QUOTA, MATERIAL_DIGEST
   */
  async stage(
    peer: string,
    opening: { conversation: string; digest: Buffer; size: number; offset: number },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<{ offset: number; complete: boolean }> {
    const { conversation, digest, size, offset } = opening;
    if (size < 1 || size > LIMITS.materialBytes) throw new CodedError('MATERIAL_TOO_LARGE');
    const path = this.#partPath(peer, conversation, digest);
    if (this.#writing.has(path)) throw new CodedError('MATERIAL_OFFSET', 'the same file is arriving on another call');
    this.#writing.add(path);
    try {
      const before = await this.status(peer, conversation, digest);
      if (before.complete) return before;
      if (before.offset !== offset || offset > size) throw new CodedError('MATERIAL_OFFSET');
      await this.#reserve(peer, conversation, digest, size);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const reached = await appendChunks(path, offset, size, chunks);
      if (reached < size) return { offset: reached, complete: false };
      await this.#finish(peer, conversation, digest, size, path);
      return { offset: size, complete: true };
    } finally {
      this.#writing.delete(path);
    }
  }

  /** Of these digests, those whose files are not there whole. Asked inside the unit of work that would hold them. */
  async missing(tx: Sql, peer: string, conversation: string, digests: readonly Buffer[]): Promise<Buffer[]> {
    const absent: Buffer[] = [];
    for (const digest of digests) {
      const row = await this.#row(tx, peer, conversation, digest);
      if (!row || row.state === 'arriving') absent.push(digest);
    }
    return absent;
  }

  /** Keeps staged files for good: an accepted envelope names them. */
  async hold(tx: Transaction, conversation: string, digests: readonly Buffer[]): Promise<void> {
    for (const digest of digests) {
      await tx.run(
        "UPDATE material SET state = 'held', updated_at = ? WHERE conversation = ? AND digest = ?",
        this.#clock.now(),
        conversation,
        digest,
      );
    }
  }

  /**
   * Opens a whole file of a case for reading.
   *
   * @param from bytes to leave out
   * @throws CodedError NOT_FOUND
   */
  async open(conversation: string, digest: Buffer, from = 0): Promise<{ size: number; bytes: AsyncIterable<Buffer> }> {
    const row = await this.#store.read.get<MaterialRow>(
      "SELECT size, state FROM material WHERE conversation = ? AND digest = ? AND state <> 'arriving'",
      conversation,
      digest,
    );
    if (!row) throw new CodedError('NOT_FOUND', 'the case has no such material');
    const path = this.#path(conversation, digest);
    return { size: row.size, bytes: createReadStream(path, { start: from, highWaterMark: LIMITS.chunkBytes }) };
  }

  /** Removes every file of a case, those that peers are staging included. May be done again. */
  async erase(conversation: string): Promise<void> {
    await rm(join(this.#folder, 'cases', conversation.slice(-2), conversation), { recursive: true, force: true });
    for (const part of ['arriving', 'uploads']) {
      const folder = join(this.#folder, part);
      for (const name of await readdir(folder, { recursive: true }).catch(() => []))
        if (basename(name).startsWith(`${conversation}-`)) await rm(join(folder, name), { force: true });
    }
    await this.#store.write((tx) => tx.run('DELETE FROM material WHERE conversation = ?', conversation));
  }

  /** Removes what peers staged more than a day ago and no envelope named. @returns how many files */
  async sweep(): Promise<number> {
    const before = this.#clock.now() - STAGED_FOR_MS;
    const old = await this.#store.read.all<{ conversation: string; digest: Buffer; peer: string }>(
      "SELECT conversation, digest, peer FROM material WHERE state <> 'held' AND updated_at < ? LIMIT 1000",
      before,
    );
    let removed = 0;
    for (const { conversation, digest, peer } of old) {
      const part = this.#partPath(peer, conversation, digest);
      if (this.#writing.has(part)) continue;
      this.#writing.add(part);
      try {
        if (await this.#forget(peer, conversation, digest, before)) removed += 1;
      } finally {
        this.#writing.delete(part);
      }
    }
    return removed + (await this.#sweepUploads(before));
  }

  /** Uploads of windows that a crash cut off. An upload at work was written to a moment ago. */
  async #sweepUploads(before: number): Promise<number> {
    const folder = join(this.#folder, 'uploads');
    const names = await readdir(folder).catch(() => []);
    let removed = 0;
    for (const name of names.slice(0, 1000)) {
      const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs >= before) continue;
      await rm(join(folder, name), { force: true });
      removed += 1;
    }
    return removed;
  }

  /** @returns whether the file was still staged and not touched since */
  async #forget(peer: string, conversation: string, digest: Buffer, before: number): Promise<boolean> {
    const { removed, shared } = await this.#store.write(async (tx) => ({
      removed: await tx.run(
        `DELETE FROM material
         WHERE conversation = ? AND digest = ? AND peer = ? AND state <> 'held' AND updated_at < ?`,
        conversation,
        digest,
        peer,
        before,
      ),
      shared: await tx.get(
        "SELECT 1 FROM material WHERE conversation = ? AND digest = ? AND state <> 'arriving'",
        conversation,
        digest,
      ),
    }));
    if (removed === 0) return false;
    await rm(this.#partPath(peer, conversation, digest), { force: true });
    if (!shared) await rm(this.#path(conversation, digest), { force: true });
    return true;
  }

  async #reserve(peer: string, conversation: string, digest: Buffer, size: number): Promise<void> {
    await this.#store.write(async (tx) => {
      const staged = await tx.get<{ bytes: number | null }>(
        `SELECT sum(size) AS bytes FROM material
         WHERE peer = ? AND state <> 'held' AND NOT (conversation = ? AND digest = ?)`,
        peer,
        conversation,
        digest,
      );
      if ((staged?.bytes ?? 0) + size > this.#quota) throw new CodedError('MATERIAL_QUOTA');
      await this.#record(tx, conversation, peer, digest, size, 'arriving');
    });
  }

  async #finish(peer: string, conversation: string, digest: Buffer, size: number, part: string): Promise<void> {
    if (!(await digestOf(part)).equals(digest)) {
      await rm(part, { force: true });
      await this.#store.write((tx) =>
        tx.run(
          "DELETE FROM material WHERE conversation = ? AND digest = ? AND peer = ? AND state = 'arriving'",
          conversation,
          digest,
          peer,
        ),
      );
      throw new CodedError('MATERIAL_DIGEST');
    }
    const path = this.#path(conversation, digest);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await moveInto(part, path);
    await this.#store.write((tx) => this.#record(tx, conversation, peer, digest, size, 'staged'));
  }

  async #record(
    tx: Transaction,
    conversation: string,
    peer: string,
    digest: Buffer,
    size: number,
    state: MaterialRow['state'],
  ): Promise<void> {
    await tx.run(
      `INSERT INTO material (conversation, digest, peer, size, state, updated_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, digest, peer) DO UPDATE SET size = excluded.size, state = excluded.state, updated_at = excluded.updated_at
         WHERE material.state <> 'held'`,
      conversation,
      digest,
      peer,
      size,
      state,
      this.#clock.now(),
    );
  }

  /** A peer sees only what it staged itself; our own uploads have no peer. */
  #row(sql: Sql, peer: string, conversation: string, digest: Buffer): Promise<MaterialRow | undefined> {
    return sql.get<MaterialRow>(
      'SELECT size, state FROM material WHERE conversation = ? AND digest = ? AND peer = ?',
      conversation,
      digest,
      peer,
    );
  }

  #path(conversation: string, digest: Buffer): string {
    return join(this.#folder, 'cases', conversation.slice(-2), conversation, digest.toString('hex'));
  }

  #partPath(peer: string, conversation: string, digest: Buffer): string {
    return join(this.#folder, 'arriving', peer, `${conversation}-${digest.toString('hex')}`);
  }
}

async function writeHashed(path: string, bytes: AsyncIterable<Uint8Array>): Promise<StoredMaterial> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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

/** @returns how many bytes the file has afterwards; fewer than `size` when the sender stopped early */
async function appendChunks(
  path: string,
  offset: number,
  size: number,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
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

async function digestOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest();
}

/** Renames and makes the rename durable. */
async function moveInto(from: string, to: string): Promise<void> {
  await rename(from, to);
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
