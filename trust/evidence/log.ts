import { type Hash, treeNode } from '#proto';
import { emptyRoot, merkleRoot, rootFromPath } from '../envelope/merkle.ts';
import { VerificationError } from '../errors.ts';
import type { LogFrontier } from './frontier.ts';

/** Leaves under one tile: 2 to the 8th (C2SP tlog-tiles uses the same height). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;

/** Most hashes that a proof can need: sizes are below 2 to the 53rd. */
export const LOG_PROOF_MAX = 54;

/**
 * Port to the stored hashes of a log. Both methods must return exactly `count` hashes, in order; callers never ask for
 * more than `TILE_WIDTH` at once, nor for anything beyond the size of the tree.
 */
export interface TileReader {
  /** Leaf hashes by index. */
  leaves(from: number, count: number): Promise<readonly Uint8Array[]>;
  /** Roots of complete subtrees: level 1 of 256 leaves each, level 2 of 65,536, and so on. */
  nodes(level: number, from: number, count: number): Promise<readonly Uint8Array[]>;
}

/** The root of a complete subtree, to be stored for `TileReader.nodes`. */
export interface TileNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer;
}

/** What changed when leaves were appended. */
export interface Appended {
  readonly frontier: LogFrontier;
  readonly size: number;
  readonly root: Buffer;
  readonly newNodes: readonly TileNode[];
}

/**
 * Appends leaf hashes to a log (存证日志) without reading any stored hash: one or two hashes a leaf.
 * The caller stores the leaves, the new nodes and the new frontier in one transaction.
 */
export function appendLeaves(hash: Hash, frontier: LogFrontier, newLeafHashes: readonly Uint8Array[]): Appended {
  const roots = [...frontier.roots];
  const newNodes: TileNode[] = [];
  let size = frontier.size;
  for (const leaf of newLeafHashes) {
    let node: Buffer = Buffer.from(leaf);
    let index = size;
    // Every 1 at the low end of the size is a complete subtree that the new leaf's subtree completes to one twice as large.
    for (let height = 1; index % 2 === 1; height += 1) {
      node = treeNode(hash, roots.pop()!, node);
      index = Math.floor(index / 2);
      if (height % TILE_HEIGHT === 0) newNodes.push({ level: height / TILE_HEIGHT, index, hash: node });
    }
    roots.push(node);
    size += 1;
  }
  return { frontier: { size, roots }, size, root: frontierRoot(hash, { size, roots }), newNodes };
}

/** Root of the tree that ends at this frontier. */
export function frontierRoot(hash: Hash, frontier: LogFrontier): Buffer {
  return joinRoots(hash, frontier.roots);
}

/**
 * Root of the first `size` leaves (RFC 9162, 2.1.1).
 *
 * @throws VerificationError LOG_CORRUPT when stored hashes are missing
 */
export function logRoot(hash: Hash, size: number, reader: TileReader): Promise<Buffer> {
  return rangeRoot(hash, 0, size, reader);
}

/**
 * Sibling hashes from a leaf to the root of the first `size` leaves (RFC 9162, 2.1.3.1).
 *
 * @param index from 0, below `size`
 * @throws RangeError when the leaf is outside the tree
 * @throws VerificationError LOG_CORRUPT when stored hashes are missing
 */
export async function logInclusionProof(
  hash: Hash,
  index: number,
  size: number,
  reader: TileReader,
): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a log of ${size}`);
  const path: Buffer[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      path.unshift(await rangeRoot(hash, middle, to, reader));
      to = middle;
    } else {
      path.unshift(await rangeRoot(hash, from, middle, reader));
      from = middle;
    }
  }
  return path;
}

/**
 * Proof that the log of `newSize` leaves begins with the log of `oldSize` leaves (RFC 9162, 2.1.4.1). Empty when the
 * sizes are equal or the old log was empty.
 *
 * @throws RangeError when `oldSize` is above `newSize`
 * @throws VerificationError LOG_CORRUPT when stored hashes are missing
 */
export async function logConsistencyProof(
  hash: Hash,
  oldSize: number,
  newSize: number,
  reader: TileReader,
): Promise<Buffer[]> {
  if (!(oldSize >= 0 && oldSize <= newSize)) throw new RangeError(`a log of ${newSize} has no part of ${oldSize}`);
  if (oldSize === 0 || oldSize === newSize) return [];
  const proof: Buffer[] = [];
  let from = 0;
  let to = newSize;
  while (to !== oldSize) {
    const middle = from + splitPoint(to - from);
    if (oldSize <= middle) {
      proof.unshift(await rangeRoot(hash, middle, to, reader));
      to = middle;
    } else {
      proof.unshift(await rangeRoot(hash, from, middle, reader));
      from = middle;
    }
  }
  // The verifier knows the old root already when it is a node of the new tree.
  if (from !== 0) proof.unshift(await rangeRoot(hash, from, oldSize, reader));
  return proof;
}

/**
 * Verifies that a leaf is in a log (RFC 9162, 2.1.3.2).
 *
 * @throws VerificationError LOG_PROOF_INVALID
 */
export function verifyLogInclusion(
  hash: Hash,
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  if (!rootFromPath(hash, leafHash, index, size, proof)?.equals(root)) invalid();
}

/**
 * Verifies that a log only grew (RFC 9162, 2.1.4.2).
 *
 * @throws VerificationError LOG_PROOF_INVALID
 */
export function verifyLogConsistency(
  hash: Hash,
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  if (!Number.isSafeInteger(oldSize) || !Number.isSafeInteger(newSize) || oldSize < 0 || oldSize > newSize) invalid();
  if (oldSize === 0 || oldSize === newSize) {
    const expected = oldSize === 0 ? emptyRoot(hash) : Buffer.from(newRoot);
    if (proof.length !== 0 || !expected.equals(oldRoot)) invalid();
    return;
  }
  let [at, last] = [oldSize - 1, newSize - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const rest = [...proof];
  const seed: Buffer = at === 0 ? Buffer.from(oldRoot) : Buffer.from(rest.shift() ?? invalid());
  let [old, fresh] = [seed, seed];
  for (const sibling of rest) {
    if (last === 0) invalid();
    if (at % 2 === 1 || at === last) {
      old = treeNode(hash, sibling, old);
      fresh = treeNode(hash, sibling, fresh);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      fresh = treeNode(hash, fresh, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0 || !old.equals(oldRoot) || !fresh.equals(newRoot)) invalid();
}

/** Root of the leaves `from` to `to` (excluded), where `from` is where RFC 9162 would split: all subtrees are aligned. */
async function rangeRoot(hash: Hash, from: number, to: number, reader: TileReader): Promise<Buffer> {
  const roots: Buffer[] = [];
  let start = from;
  while (start < to) {
    let width = 1;
    let height = 0;
    while (width * 2 <= to - start) [width, height] = [width * 2, height + 1];
    roots.push(await subtreeRoot(hash, height, start / width, reader));
    start += width;
  }
  return joinRoots(hash, roots);
}

/** Root of the complete subtree number `index` of a height, from the stored hashes next below it. */
async function subtreeRoot(hash: Hash, height: number, index: number, reader: TileReader): Promise<Buffer> {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const from = index * count;
  const stored = await (level === 0 ? reader.leaves(from, count) : reader.nodes(level, from, count));
  if (stored.length !== count) {
    throw new VerificationError('LOG_CORRUPT', `the log lacks hashes of level ${level} from ${from}`);
  }
  return merkleRoot(hash, stored);
}

/** Joins complete subtrees, largest first, to the one root over them. */
function joinRoots(hash: Hash, roots: readonly Buffer[]): Buffer {
  return roots.length === 0 ? emptyRoot(hash) : roots.reduceRight((right, left) => treeNode(hash, left, right));
}

/** Largest power of two below `count` (RFC 9162, 2.1.1), for `count` above 1. */
function splitPoint(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function invalid(): never {
  throw new VerificationError('LOG_PROOF_INVALID');
}
