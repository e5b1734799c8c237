import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CodedError, LIMITS } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import {
  appendChunks,
  bytesOf,
  digestOf,
  fileSize,
  moveInto,
  type StoredMaterial,
  writeHashed,
} from './material-files.ts';
import { type MaterialKey, materialTable } from './material-table.ts';

/** Milliseconds after which a staged file that no envelope named is removed. */
const STAGED_FOR_MS = 24 * 60 * 60 * 1000;
/** Files that one sweep looks at. */
const SWEPT = 1000;

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
      const { digest, size } = taken;
      await moveInto(temporary, this.#path(conversation, digest));
      const ours = { peer: '', conversation, digest };
      await this.#store.write((tx) => materialTable.record(tx, ours, { size, state: 'held' }, this.#clock.now()));
      return taken;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** How much of a file a peer staged. */
  async status(peer: string, conversation: string, digest: Buffer): Promise<{ offset: number; complete: boolean }> {
    const key = { peer, conversation, digest };
    const row = await materialTable.find(this.#store.read, key);
    if (!row) return { offset: 0, complete: false };
    if (row.state !== 'arriving') return { offset: row.size, complete: true };
    return { offset: await fileSize(this.#partPath(key)), complete: false };
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
    const key = { peer, conversation, digest };
    const path = this.#partPath(key);
    if (this.#writing.has(path)) throw new CodedError('MATERIAL_OFFSET', 'the same file is arriving on another call');
    this.#writing.add(path);
    try {
      const before = await this.status(peer, conversation, digest);
      if (before.complete) return before;
      if (before.offset !== offset || offset > size) throw new CodedError('MATERIAL_OFFSET');
      await this.#reserve(key, size);
      const reached = await appendChunks(path, offset, size, chunks);
      if (reached < size) return { offset: reached, complete: false };
      await this.#finish(key, size, path);
      return { offset: size, complete: true };
    } finally {
      this.#writing.delete(path);
    }
  }

  /** Of these digests, those whose files are not there whole. Asked inside the unit of work that would hold them. */
  async missing(tx: Sql, peer: string, conversation: string, digests: readonly Buffer[]): Promise<Buffer[]> {
    const absent: Buffer[] = [];
    for (const digest of digests) {
      const row = await materialTable.find(tx, { peer, conversation, digest });
      if (!row || row.state === 'arriving') absent.push(digest);
    }
    return absent;
  }

  /** Keeps staged files for good: an accepted envelope names them. */
  async hold(tx: Transaction, conversation: string, digests: readonly Buffer[]): Promise<void> {
    for (const digest of digests) await materialTable.hold(tx, conversation, digest, this.#clock.now());
  }

  /**
   * Opens a whole file of a case for reading.
   *
   * @param from bytes to leave out
   * @throws CodedError NOT_FOUND
   */
  async open(conversation: string, digest: Buffer, from = 0): Promise<{ size: number; bytes: AsyncIterable<Buffer> }> {
    const row = await materialTable.findWhole(this.#store.read, conversation, digest);
    if (!row) throw new CodedError('NOT_FOUND', 'the case has no such material');
    const path = this.#path(conversation, digest);
    return { size: row.size, bytes: bytesOf(path, from) };
  }

  /** Removes every file of a case, those that peers are staging included. May be done again. */
  async erase(conversation: string): Promise<void> {
    await rm(join(this.#folder, 'cases', conversation.slice(-2), conversation), { recursive: true, force: true });
    for (const part of ['arriving', 'uploads']) {
      const folder = join(this.#folder, part);
      for (const name of await readdir(folder, { recursive: true }).catch(() => []))
        if (basename(name).startsWith(`${conversation}-`)) await rm(join(folder, name), { force: true });
    }
    await this.#store.write((tx) => materialTable.dropCase(tx, conversation));
  }

  /** Removes what peers staged more than a day ago and no envelope named. @returns how many files */
  async sweep(): Promise<number> {
    const before = this.#clock.now() - STAGED_FOR_MS;
    let removed = 0;
    for (const key of await materialTable.stagedBefore(this.#store.read, before, SWEPT)) {
      const part = this.#partPath(key);
      if (this.#writing.has(part)) continue;
      this.#writing.add(part);
      try {
        if (await this.#forget(key, before)) removed += 1;
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
    for (const name of names.slice(0, SWEPT)) {
      const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs >= before) continue;
      await rm(join(folder, name), { force: true });
      removed += 1;
    }
    return removed;
  }

  /** @returns whether the file was still staged and not touched since */
  async #forget(key: MaterialKey, before: number): Promise<boolean> {
    const { isDropped, isShared } = await this.#store.write((tx) => materialTable.dropStaged(tx, key, before));
    if (!isDropped) return false;
    await rm(this.#partPath(key), { force: true });
    if (!isShared) await rm(this.#path(key.conversation, key.digest), { force: true });
    return true;
  }

  async #reserve(key: MaterialKey, size: number): Promise<void> {
    await this.#store.write(async (tx) => {
      if ((await materialTable.stagedBeside(tx, key)) + size > this.#quota) throw new CodedError('MATERIAL_QUOTA');
      await materialTable.record(tx, key, { size, state: 'arriving' }, this.#clock.now());
    });
  }

  async #finish(key: MaterialKey, size: number, part: string): Promise<void> {
    const { conversation, digest } = key;
    if (!(await digestOf(part)).equals(digest)) {
      await rm(part, { force: true });
      await this.#store.write((tx) => materialTable.dropArriving(tx, key));
      throw new CodedError('MATERIAL_DIGEST');
    }
    await moveInto(part, this.#path(conversation, digest));
    await this.#store.write((tx) => materialTable.record(tx, key, { size, state: 'staged' }, this.#clock.now()));
  }

  #path(conversation: string, digest: Buffer): string {
    return join(this.#folder, 'cases', conversation.slice(-2), conversation, digest.toString('hex'));
  }

  #partPath({ peer, conversation, digest }: MaterialKey): string {
    return join(this.#folder, 'arriving', peer, `${conversation}-${digest.toString('hex')}`);
  }
}
