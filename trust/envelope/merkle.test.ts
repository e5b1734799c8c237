import { describe, expect, it } from 'vitest';
import { logLeaf } from '#proto';
import { suiteOf } from '../suites.ts';
import { emptyRoot, inclusionPath, merkleRoot, rootFromPath } from './merkle.ts';

const { hash } = suiteOf('ES256');
const hex = (buffers: readonly Buffer[]) => buffers.map((buffer) => buffer.toString('hex'));
const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => logLeaf(hash, Buffer.from(`${index}`)));

/** The eight entries and the answers that implementations of RFC 6962 share as their test data. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the known trees', () => {
  const leaves = ENTRIES.map((entry) => logLeaf(hash, Buffer.from(entry, 'hex')));

  it.each(ROOTS.map((root, size) => ({ size, root })))('of $size leaves have their root', ({ size, root }) => {
    expect(merkleRoot(hash, leaves.slice(0, size)).toString('hex')).toBe(root);
  });

  it('have their paths', () => {
    expect(hex(inclusionPath(hash, leaves.slice(0, 1), 0))).toEqual([]);
    expect(hex(inclusionPath(hash, leaves, 0))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(hex(inclusionPath(hash, leaves, 5))).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      ROOTS[4],
    ]);
    expect(hex(inclusionPath(hash, leaves.slice(0, 3), 2))).toEqual([ROOTS[2]]);
    expect(hex(inclusionPath(hash, leaves.slice(0, 5), 1))).toEqual([
      ROOTS[1],
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });
});

it('leads from every leaf of every tree up to 70 leaves to the root, and to no other place', () => {
  for (let size = 1; size <= 70; size++) {
    const leaves = leavesOf(size);
    const root = merkleRoot(hash, leaves);
    for (let index = 0; index < size; index++) {
      const path = inclusionPath(hash, leaves, index);
      const leaf = leaves[index]!;
      expect(rootFromPath(hash, leaf, index, size, path)).toEqual(root);
      expect(rootFromPath(hash, leaf, (index + 1) % size, size, path)?.equals(root) ?? false).toBe(size === 1);
      expect(rootFromPath(hash, leaves[(index + 1) % size]!, index, size, path)?.equals(root)).toBe(size === 1);
    }
  }
});

describe('a path', () => {
  const leaves = leavesOf(11);
  const root = merkleRoot(hash, leaves);
  const path = inclusionPath(hash, leaves, 4);
  const reach = (index: number, size: number, steps: readonly Uint8Array[]) =>
    rootFromPath(hash, leaves[4]!, index, size, steps);

  it('must have the length that the place in the tree demands', () => {
    expect(reach(4, 11, path)).toEqual(root);
    expect(reach(4, 11, path.slice(1))).toBeUndefined();
    expect(reach(4, 11, path.slice(0, -1))).toBeUndefined();
    expect(reach(4, 11, [...path, root])).toBeUndefined();
    expect(reach(4, 11, [])).toBeUndefined();
    expect(reach(0, 1, [root])).toBeUndefined();
  });

  it('must have every step unaltered and in order', () => {
    for (let step = 0; step < path.length; step++) {
      const altered = path.map((node, at) => (at === step ? hash(node) : node));
      expect(reach(4, 11, altered)).not.toEqual(root);
    }
    expect(reach(4, 11, path.toReversed())).not.toEqual(root);
  });

  it('must be read with a size of the same shape', () => {
    expect(reach(4, 17, path)).toBeUndefined();
    expect(reach(4, 8, path)).toBeUndefined();
  });

  it('has no place outside the tree', () => {
    for (const [index, size] of [
      [11, 11],
      [-1, 11],
      [0, 0],
      [0.5, 11],
      [4, 11.5],
      [4, Number.NaN],
      [4, 2 ** 53],
    ] as const)
      expect(reach(index, size, path)).toBeUndefined();
  });
});

it('gives the tree without leaves the hash of nothing', () => {
  expect(emptyRoot(hash).toString('hex')).toBe(ROOTS[0]);
  expect(rootFromPath(hash, emptyRoot(hash), 0, 0, [])).toBeUndefined();
});
