import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import type { TileReader } from '#trust';
import { TILE, tilePath, widthOf } from './tile-path.ts';

const HASH_BYTES = 32;
/** Bytes of 256 entries with their lengths; an entry has at most 1,024. */
const ENTRIES_BYTES = TILE * (1024 + 2);

/** The hashes of a published log of one size. Files may hold anything: their sizes are all that is sure of them. */
export class FileTiles implements TileReader {
  readonly #folder: string;
  readonly #size: number;

  constructor(folder: string, size: number) {
    this.#folder = folder;
    this.#size = size;
  }

  leaves(from: number, count: number): Promise<Buffer[]> {
    return this.nodes(0, from, count);
  }

  async nodes(level: number, from: number, count: number): Promise<Buffer[]> {
    const found: Buffer[] = [];
    while (found.length < count) {
      const at = from + found.length;
      const tile = await this.tile(level, Math.floor(at / TILE));
      const hashes = tile.slice(at % TILE, (at % TILE) + count - found.length);
      if (hashes.length === 0) break;
      found.push(...hashes);
    }
    return found;
  }

  /**
   * The hashes of one tile, as many as a log of this size has there.
   *
   * @throws CodedError LOG_CORRUPT when the file is missing or has another length
   */
  async tile(level: number, index: number): Promise<Buffer[]> {
    const width = Math.min(TILE, widthOf(level, this.#size) - index * TILE);
    if (width <= 0) return [];
    const name = tilePath(level, index, width);
    const part = await this.#read(name, width * HASH_BYTES);
    // A partial tile goes when it has become a full one.
    const whole = part ?? (await this.#read(tilePath(level, index), TILE * HASH_BYTES));
    const bytes = part ?? whole?.subarray(0, width * HASH_BYTES);
    if (bytes?.length !== width * HASH_BYTES)
      throw new CodedError('LOG_CORRUPT', `${name} ${bytes ? 'has another length than its name says' : 'is missing'}`);
    return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  }

  /** The entries below one tile of leaves; undefined when they were not published. */
  async entries(index: number): Promise<Buffer[] | undefined> {
    const width = Math.min(TILE, this.#size - index * TILE);
    const bytes = await this.#read(tilePath('entries', index, width), ENTRIES_BYTES);
    if (!bytes) return undefined;
    const entries: Buffer[] = [];
    for (let at = 0; at + 2 <= bytes.length; ) {
      const end = at + 2 + bytes.readUInt16BE(at);
      entries.push(bytes.subarray(at + 2, end));
      at = end;
    }
    return entries;
  }

  async #read(name: string, most: number): Promise<Buffer | undefined> {
    const file = await open(join(this.#folder, name)).catch(() => undefined);
    if (!file) return undefined;
    try {
      const buffer = Buffer.alloc(most + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
