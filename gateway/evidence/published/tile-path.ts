import { join } from 'node:path';

/** Hashes of a full tile (C2SP tlog-tiles). */
export const TILE = 256;

/** Name of the file that holds the newest published state. */
export const CHECKPOINT_FILE = 'checkpoint';

/**
 * Where a tile stands below the folder of a published log (C2SP tlog-tiles): its number in groups of three digits, all
 * but the last with an x before them; a partial tile moreover says how many hashes it has.
 *
 * @param level 0 for leaf hashes, 1 for the roots of 256 each, and so on; `entries` for the entries themselves
 */
export function tilePath(level: number | 'entries', index: number, width = TILE): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!;
  const last = groups.pop()!;
  const name = width === TILE ? last : `${last}.p/${width}`;
  return join('tile', String(level), ...groups.map((group) => `x${group}`), name);
}

/** How many complete hashes a level of a log of `size` leaves has. */
export function widthOf(level: number, size: number): number {
  return Math.floor(size / TILE ** level);
}
