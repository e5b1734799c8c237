import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hash, logLeaf } from '#proto';
import { inclusionPath, merkleRoot } from '../envelope/merkle.ts';
import { suiteOf } from '../suites.ts';
import { decodeFrontier, EMPTY_FRONTIER, encodeFrontier, type LogFrontier } from './frontier.ts';
import {
  appendLeaves,
  frontierRoot,
  logConsistencyProof,
  logInclusionProof,
  logRoot,
  TILE_WIDTH,
  type TileReader,
  verifyLogConsistency,
  verifyLogInclusion,
} from './log.ts';

const { hash } = suiteOf('Ed25519');

/** A log in memory that keeps what a gateway keeps: leaves, nodes of complete tiles, frontier. */
class MemoryLog implements TileReader {
  readonly kept: Buffer[] = [];
  readonly tiles = new Map<string, Buffer>();
  frontier: LogFrontier = EMPTY_FRONTIER;
  largestRead = 0;

  append(leaves: readonly Buffer[]): Buffer {
    // The frontier goes through its stored form, as between two runs of a gateway.
    const { frontier, root, newNodes } = appendLeaves(hash, decodeFrontier(encodeFrontier(this.frontier)), leaves);
    for (const leaf of leaves) this.kept.push(leaf);
    for (const node of newNodes) this.tiles.set(`${node.level}/${node.index}`, node.hash);
    this.frontier = frontier;
    return root;
  }

  async leaves(from: number, count: number): Promise<Buffer[]> {
    this.largestRead = Math.max(this.largestRead, count);
    return this.kept.slice(from, from + count);
  }

  async nodes(level: number, from: number, count: number): Promise<Buffer[]> {
    this.largestRead = Math.max(this.largestRead, count);
    const found = Array.from({ length: count }, (_, at) => this.tiles.get(`${level}/${from + at}`));
    return found.filter((node) => node !== undefined);
  }
}

const leafOf = (index: number): Buffer => logLeaf(hash, Buffer.from(`leaf ${index}`));
const leavesOf = (size: number): Buffer[] => Array.from({ length: size }, (_, index) => leafOf(index));

function logOf(size: number): MemoryLog {
  const log = new MemoryLog();
  log.append(leavesOf(size));
  return log;
}

describe('appending', () => {
  it('gives the root of the naive tree after every batch, however the batches are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }), (batches) => {
        const log = new MemoryLog();
        for (const batch of batches) {
          const from = log.kept.length;
          const root = log.append(Array.from({ length: batch }, (_, at) => leafOf(from + at)));
          expect(root).toEqual(merkleRoot(hash, log.kept));
          expect(log.frontier.size).toBe(from + batch);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('names the root of every tile exactly when its last leaf arrives', () => {
    const log = new MemoryLog();
    log.append(leavesOf(255));
    expect(log.tiles.size).toBe(0);
    log.append([leafOf(255)]);
    expect(log.tiles.get('1/0')).toEqual(merkleRoot(hash, leavesOf(256)));
    log.append(leavesOf(600).slice(256));
    expect([...log.tiles.keys()]).toEqual(['1/0', '1/1']);
    expect(log.tiles.get('1/1')).toEqual(merkleRoot(hash, leavesOf(512).slice(256)));
  });

  it('starts from the root of the empty tree', () => {
    expect(appendLeaves(hash, EMPTY_FRONTIER, [])).toEqual({
      frontier: { size: 0, roots: [] },
      size: 0,
      root: hash(new Uint8Array(0)),
      newNodes: [],
    });
  });
});

describe('the stored frontier', () => {
  it('comes back as it was written', () => {
    for (const size of [0, 1, 255, 256, 1000]) {
      const { frontier } = logOf(size);
      expect(decodeFrontier(encodeFrontier(frontier))).toEqual(frontier);
      expect(frontierRoot(hash, frontier)).toEqual(merkleRoot(hash, leavesOf(size)));
    }
  });

  it('is refused when bytes are missing or left over', () => {
    const bytes = encodeFrontier(logOf(5).frontier);
    for (const broken of [bytes.subarray(1), Buffer.concat([bytes, bytes]), Buffer.alloc(0), Buffer.alloc(8, 0xff)])
      expect(() => decodeFrontier(broken)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
  });
});

describe('proofs', () => {
  const log = logOf(1200);

  it('are those of the naive tree for every kind of size and place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1200 }), fc.nat(), async (size, place) => {
        const index = place % size;
        const leaves = log.kept.slice(0, size);
        const proof = await logInclusionProof(hash, index, size, log);
        expect(await logRoot(hash, size, log)).toEqual(merkleRoot(hash, leaves));
        expect(proof).toEqual(inclusionPath(hash, leaves, index));
        verifyLogInclusion(hash, leafOf(index), index, size, proof, merkleRoot(hash, leaves));
      }),
      { numRuns: 60 },
    );
  });

  it('show that any log grew from any earlier one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 1200 }), async (a, b) => {
        const [older, newer] = a < b ? [a, b] : [b, a];
        const proof = await logConsistencyProof(hash, older, newer, log);
        const [oldRoot, newRoot] = [await logRoot(hash, older, log), await logRoot(hash, newer, log)];
        verifyLogConsistency(hash, older, oldRoot, newer, newRoot, proof);
        expect(proof).toEqual(naiveConsistency(hash, log.kept.slice(0, newer), older));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [1, 255],
    [255, 256],
    [256, 257],
    [256, 512],
    [257, 513],
    [511, 512],
    [512, 1024],
    [767, 769],
  ])('hold across the border of a tile: %i in %i', async (older, newer) => {
    const proof = await logConsistencyProof(hash, older, newer, log);
    const [oldRoot, newRoot] = [await logRoot(hash, older, log), await logRoot(hash, newer, log)];
    verifyLogConsistency(hash, older, oldRoot, newer, newRoot, proof);
    const path = await logInclusionProof(hash, older - 1, newer, log);
    verifyLogInclusion(hash, leafOf(older - 1), older - 1, newer, path, newRoot);
  });

  it('never read more than one tile at once', () => {
    expect(log.largestRead).toBeGreaterThan(0);
    expect(log.largestRead).toBeLessThanOrEqual(TILE_WIDTH);
  });

  it('fail when one bit of leaf, root or proof is another, or the place is another', async () => {
    const root = await logRoot(hash, 700, log);
    const proof = await logInclusionProof(hash, 300, 700, log);
    const refused = expect.objectContaining({ code: 'LOG_PROOF_INVALID' });
    expect(() => verifyLogInclusion(hash, flip(leafOf(300)), 300, 700, proof, root)).toThrow(refused);
    expect(() => verifyLogInclusion(hash, leafOf(300), 300, 700, proof, flip(root))).toThrow(refused);
    expect(() => verifyLogInclusion(hash, leafOf(300), 301, 700, proof, root)).toThrow(refused);
    expect(() => verifyLogInclusion(hash, leafOf(300), 300, 300, proof, root)).toThrow(refused);
    expect(() => verifyLogInclusion(hash, leafOf(300), 300, 700, proof.slice(1), root)).toThrow(refused);
    expect(() => verifyLogInclusion(hash, leafOf(300), 300, 700, [...proof, root], root)).toThrow(refused);
    for (const at of proof.keys())
      expect(() => verifyLogInclusion(hash, leafOf(300), 300, 700, flipAt(proof, at), root)).toThrow(refused);
  });

  it('fail for a log that was shortened, rewritten or proved badly', async () => {
    const [oldRoot, newRoot] = [await logRoot(hash, 300, log), await logRoot(hash, 700, log)];
    const proof = await logConsistencyProof(hash, 300, 700, log);
    const refused = expect.objectContaining({ code: 'LOG_PROOF_INVALID' });
    expect(() => verifyLogConsistency(hash, 700, newRoot, 300, oldRoot, proof)).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, flip(oldRoot), 700, newRoot, proof)).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, oldRoot, 700, flip(newRoot), proof)).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, oldRoot, 700, newRoot, [])).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, oldRoot, 700, newRoot, [...proof, newRoot])).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, oldRoot, 300, newRoot, [])).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 300, oldRoot, 300, oldRoot, [oldRoot])).toThrow(refused);
    expect(() => verifyLogConsistency(hash, 0, oldRoot, 700, newRoot, [])).toThrow(refused);
    for (const at of proof.keys())
      expect(() => verifyLogConsistency(hash, 300, oldRoot, 700, newRoot, flipAt(proof, at))).toThrow(refused);
  });

  it('are refused as damage when the store lacks hashes, and as a mistake outside the tree', async () => {
    const holes: TileReader = { leaves: async () => [], nodes: async () => [] };
    const corrupt = expect.objectContaining({ code: 'LOG_CORRUPT' });
    await expect(logInclusionProof(hash, 1, 2, holes)).rejects.toThrow(corrupt);
    await expect(logRoot(hash, 256, holes)).rejects.toThrow(corrupt);
    await expect(logInclusionProof(hash, 5, 5, log)).rejects.toThrow(RangeError);
    await expect(logConsistencyProof(hash, 6, 5, log)).rejects.toThrow(RangeError);
  });
});

describe('a log of more than 65,536 leaves', () => {
  const log = logOf(65_793);

  it('keeps the roots of both levels', () => {
    expect(log.tiles.has('2/0')).toBe(true);
    expect(log.tiles.has('1/256')).toBe(true);
    expect(log.tiles.size).toBe(258);
    expect(log.tiles.get('2/0')).toEqual(
      merkleRoot(
        hash,
        Array.from({ length: 256 }, (_, index) => log.tiles.get(`1/${index}`)!),
      ),
    );
  });

  it.each([65_535, 65_536, 65_537, 65_793])('proves leaves and growth at %i', async (size) => {
    const root = await logRoot(hash, size, log);
    expect(root).toEqual(merkleRoot(hash, log.kept.slice(0, size)));
    for (const index of [0, 65_534, size - 1])
      verifyLogInclusion(hash, log.kept[index]!, index, size, await logInclusionProof(hash, index, size, log), root);
    const proof = await logConsistencyProof(hash, 300, size, log);
    verifyLogConsistency(hash, 300, await logRoot(hash, 300, log), size, root, proof);
  });
});

/** RFC 9162, 2.1.4.1, written down as the clause has it. */
function naiveConsistency(hash: Hash, leaves: readonly Buffer[], older: number): Buffer[] {
  if (older === 0 || older === leaves.length) return [];
  return subproof(older, leaves, true);

  function subproof(m: number, part: readonly Buffer[], complete: boolean): Buffer[] {
    if (m === part.length) return complete ? [] : [merkleRoot(hash, part)];
    const k = 2 ** Math.ceil(Math.log2(part.length) - 1);
    if (m <= k) return [...subproof(m, part.slice(0, k), complete), merkleRoot(hash, part.slice(k))];
    return [...subproof(m - k, part.slice(k), false), merkleRoot(hash, part.slice(0, k))];
  }
}

function flip(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  other[7]! ^= 1;
  return other;
}

function flipAt(proof: readonly Buffer[], at: number): Buffer[] {
  return proof.map((sibling, index) => (index === at ? flip(sibling) : sibling));
}
