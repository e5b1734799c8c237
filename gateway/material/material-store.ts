import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CodedError, LIMITS } from '#proto';
import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../store/store.ts';
import { rowOf } from '../store/vault/sealed-columns.ts';
import {
  appendChunks,
  bytesOf,
  digestOf,
  fileSize,
  moveInto,
  openPlainPart,
  openSealedPart,
  type StoredMaterial,
  sealedPartSize,
  writeHashed,
  writeHead,
} from './material-files.ts';
import { type MaterialKey, type MaterialRow, materialTable } from './material-table.ts';
import { resealFile } from './reseal-file.ts';
import { newFileKey } from './sealed-file.ts';
import { Turns } from './turns.ts';

/** Milliseconds after which a staged file that no envelope named is removed. */
const STAGED_FOR_MS = 24 * 60 * 60 * 1000;
/** Files that one sweep looks at. */
const SWEPT = 1000;
/** Files that are sealed in one step, of which each may be large. */
const RESEALED = 8;

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
  /** One case at a time is erased or has its files sealed: what is erased must not come back. */
  readonly #turns = new Turns();

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
   * @param state `staged` where nothing names it yet: it is swept unless it is held
   * @throws CodedError MATERIAL_TOO_LARGE
   */
  async take(
    conversation: string,
    bytes: AsyncIterable<Uint8Array>,
    state: 'held' | 'staged' = 'held',
  ): Promise<StoredMaterial> {
    const temporary = join(this.#folder, 'uploads', `${conversation}-${process.hrtime.bigint()}`);
    const { vault } = this.#store.read;
    const fileKey = newFileKey(vault);
    try {
      const taken = await writeHashed(temporary, bytes, fileKey);
      const { digest, size } = taken;
      if (fileKey) await writeHead(temporary, vault, rowOf(conversation, digest), fileKey);
      const ours = { peer: '', conversation, digest };
      // Named before it is in its place: what a crash leaves there in between is swept, and no orphan for ever.
      await this.#record(ours, { size, state: 'arriving' });
      await moveInto(temporary, this.#path(conversation, digest));
      await this.#enter(ours, { size, state });
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
    return { offset: await this.#partSize(key), complete: false };
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
      const { vault } = this.#store.read;
      const part = vault.cipher
        ? await openSealedPart(path, vault, rowOf(conversation, digest))
        : await openPlainPart(path, offset);
      // Only bytes keep it from being swept: a call that brings none does not renew it.
      const renewing = atFirstByte(chunks, () => this.#record(key, { size, state: 'arriving' }));
      const reached = await appendChunks(part, size, renewing);
      if (reached < size) return { offset: reached, complete: false };
      await this.#finish(key, size, path);
      return { offset: size, complete: true };
    } finally {
      this.#writing.delete(path);
    }
  }

  /** Forgets what somebody staged, whole or in part. @throws CodedError MATERIAL_OFFSET while it arrives */
  async unstage(peer: string, conversation: string, digest: Buffer): Promise<void> {
    const key = { peer, conversation, digest };
    const path = this.#partPath(key);
    if (this.#writing.has(path)) throw new CodedError('MATERIAL_OFFSET', 'the file is arriving on another call');
    this.#writing.add(path);
    try {
      await this.#forget(key, Number.MAX_SAFE_INTEGER);
      // Bytes that came while the case was erased are known to nobody else.
      await rm(path, { force: true });
    } finally {
      this.#writing.delete(path);
    }
  }

  /** Of these digests, those whose files are not there whole. Asked inside the unit of work that would hold them. */
  async missing(tx: Sql, peer: string, conversation: string, digests: readonly Buffer[]): Promise<Buffer[]> {
    const sizes = await this.sizes(tx, peer, conversation, digests);
    return digests.filter((_, index) => sizes[index] === undefined);
  }

  /** Bytes of each of some files, in their order; undefined for one that is not there whole. */
  async sizes(
    tx: Sql,
    peer: string,
    conversation: string,
    digests: readonly Buffer[],
  ): Promise<(number | undefined)[]> {
    const sizes: (number | undefined)[] = [];
    for (const digest of digests) {
      const row = await materialTable.find(tx, { peer, conversation, digest });
      sizes.push(row?.state === 'arriving' ? undefined : row?.size);
    }
    return sizes;
  }

  /** Keeps staged files for good: an accepted envelope names them, or a case of ours. */
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
    return { size: row.size, bytes: bytesOf(path, this.#store.read.vault, rowOf(conversation, digest), from) };
  }

  /** Removes every file of a case, those that peers are staging included. May be done again. */
  erase(conversation: string): Promise<void> {
    return this.#turns.take(conversation, () => this.#erase(conversation));
  }

  async #erase(conversation: string): Promise<void> {
    await rm(join(this.#folder, 'cases', conversation.slice(-2), conversation), { recursive: true, force: true });
    for (const part of ['arriving', 'uploads']) {
      const folder = join(this.#folder, part);
      for (const name of await readdir(folder, { recursive: true }).catch(() => []))
        if (basename(name).startsWith(`${conversation}-`)) await rm(join(folder, name), { force: true });
    }
    await this.#store.write((tx) => materialTable.dropCase(tx, conversation));
  }

  /**
   * Seals files of before, and wraps the keys of files under the newest storage key, some at a time.
   *
   * @param place where the last call ended; empty at the beginning
   * @returns where the next one goes on, undefined at the end; what was sealed, and what could not be
   */
  async seal(
    place: string,
  ): Promise<{ readonly place: string | undefined; readonly sealed: number; readonly broken: number }> {
    const { read } = this.#store;
    const after = place === '' ? undefined : readPlace(place);
    const files = await materialTable.wholeAfter(read, after, RESEALED);
    let sealed = 0;
    let broken = 0;
    for (const { conversation, digest } of files) {
      const outcome = await this.#turns.take(conversation, async () => {
        // Whoever was erased meanwhile has no file to be sealed.
        if (!(await materialTable.findWhole(read, conversation, digest))) return 'sealed-before';
        return this.#reseal(conversation, digest);
      });
      if (outcome === 'sealed') sealed += 1;
      if (outcome === 'broken') broken += 1;
    }
    const last = files.length === RESEALED ? files.at(-1) : undefined;
    return { place: last && `${last.conversation} ${last.digest.toString('hex')}`, sealed, broken };
  }

  /** Removes what was staged more than a day ago and nothing named. @returns how many files */
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
      await materialTable.announce(tx, key, size, this.#clock.now());
    });
  }

  async #finish(key: MaterialKey, size: number, part: string): Promise<void> {
    const { conversation, digest } = key;
    const { vault } = this.#store.read;
    const row = rowOf(conversation, digest);
    const found = await digestOf(bytesOf(part, vault, row)).catch((error: unknown) => {
      // What a crash left may not open: the sender begins anew, as with wrong bytes.
      if (error instanceof CodedError && error.code === 'AT_REST_BROKEN') return undefined;
      throw error;
    });
    if (!found?.equals(digest)) {
      await rm(part, { force: true });
      await this.#store.write((tx) => materialTable.dropArriving(tx, key));
      throw new CodedError('MATERIAL_DIGEST');
    }
    await moveInto(part, this.#path(conversation, digest));
    await this.#enter(key, { size, state: 'staged' });
  }

  /**
   * Counts a file that is in its place. A storage key may have been made while it streamed in: before it counts, so that a
   * crash leaves none behind, and after it, since until then the walk passes it by.
   */
  async #enter(key: MaterialKey, row: MaterialRow): Promise<void> {
    const { conversation, digest } = key;
    const reseal = async () => {
      if (this.#store.read.vault.cipher) await this.#turns.take(conversation, () => this.#reseal(conversation, digest));
    };
    await reseal();
    await this.#record(key, row);
    await reseal();
  }

  async #record(key: MaterialKey, row: MaterialRow): Promise<void> {
    await this.#store.write((tx) => materialTable.record(tx, key, row, this.#clock.now()));
  }

  /** In the turn of its case. */
  #reseal(conversation: string, digest: Buffer): ReturnType<typeof resealFile> {
    const temporary = join(this.#folder, 'uploads', `${conversation}-${process.hrtime.bigint()}`);
    const whole = { path: this.#path(conversation, digest), temporary, digest, row: rowOf(conversation, digest) };
    return resealFile(whole, this.#store.read.vault);
  }

  #path(conversation: string, digest: Buffer): string {
    return join(this.#folder, 'cases', conversation.slice(-2), conversation, digest.toString('hex'));
  }

  /** A part that began plain is not gone on with once files are sealed: it is swept with what was never named. */
  #partPath({ peer, conversation, digest }: MaterialKey): string {
    const form = this.#store.read.vault.cipher ? '.sealed' : '';
    return join(this.#folder, 'arriving', peer, `${conversation}-${digest.toString('hex')}${form}`);
  }

  async #partSize(key: MaterialKey): Promise<number> {
    const { vault } = this.#store.read;
    const path = this.#partPath(key);
    return vault.cipher ? sealedPartSize(path, vault, rowOf(key.conversation, key.digest)) : fileSize(path);
  }
}

/** The same chunks; something is done before the first byte of them. */
export async function* atFirstByte(
  chunks: AsyncIterable<Uint8Array>,
  then: () => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && chunk.length > 0) {
      isFirst = false;
      await then();
    }
    yield chunk;
  }
}

function readPlace(place: string): { readonly conversation: string; readonly digest: Buffer } {
  const [conversation, digest] = place.split(' ');
  return { conversation: conversation!, digest: Buffer.from(digest!, 'hex') };
}
