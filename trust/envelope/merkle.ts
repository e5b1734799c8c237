import { type Hash, treeNode } from '#proto';

/** Hash of a tree without leaves (RFC 9162, 2.1.1). */
export function emptyRoot(hash: Hash): Buffer {
  return hash(new Uint8Array(0));
}

/** Root of the tree over these leaf hashes (RFC 9162, 2.1.1). */
export function merkleRoot(hash: Hash, leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return emptyRoot(hash);
  let level: readonly Uint8Array[] = leaves;
  while (level.length > 1) level = parents(hash, level);
  return Buffer.from(level[0]!);
}

/**
 * Sibling hashes from leaf `index` up to the root (RFC 9162, 2.1.3.1).
 *
 * @param index from 0, below `leaves.length`
 */
export function inclusionPath(hash: Hash, leaves: readonly Uint8Array[], index: number): Buffer[] {
  const path: Buffer[] = [];
  let level: readonly Uint8Array[] = leaves;
  let at = index;
  while (level.length > 1) {
    const sibling = level[at ^ 1];
    if (sibling) path.push(Buffer.from(sibling));
    level = parents(hash, level);
    at >>= 1;
  }
  return path;
}

/**
 * Root that a leaf and its path lead to (RFC 9162, 2.1.3.2); undefined when the path has the wrong length for the
 * place in the tree. The caller compares the root.
 */
export function rootFromPath(
  hash: Hash,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined;
  let node: Buffer = Buffer.from(leaf);
  let at = index;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      node = treeNode(hash, sibling, node);
      // A right-most node without a sibling rises until it is a right child.
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      node = treeNode(hash, node, sibling);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? node : undefined;
}

/** Pairs the nodes of one level; a node without a sibling rises unchanged. */
function parents(hash: Hash, level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const right = level[at + 1];
    above.push(right ? treeNode(hash, level[at]!, right) : level[at]!);
  }
  return above;
}
