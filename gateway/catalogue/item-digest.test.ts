import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decode, encode, type messages } from '#proto';
import { itemDigest } from './item-digest.ts';

const ITEM: messages.Item = {
  code: 'EX1',
  name: 'A',
  department: 'B',
  applicant: 'person',
  modes: ['online'],
  promisedWorkingDays: 1,
  statutoryWorkingDays: 0,
  materials: [{ name: 'C', originalToBeChecked: true, mayFollowLater: false }],
  result: 'D',
  departmentCode: '',
  acceptanceWorkingDays: 0,
  paperOriginals: false,
};

describe('the digest of an item', () => {
  it('is that of the canonical encoding, without fields that hold their default', () => {
    const field = (number: number, bytes: Buffer | string) =>
      Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), Buffer.from(bytes)]);
    const canonical = Buffer.concat([
      field(1, 'EX1'),
      field(2, 'A'),
      field(3, 'B'),
      field(4, 'person'),
      field(5, 'online'),
      Buffer.from([6 << 3, 1]),
      field(8, Buffer.concat([field(1, 'C'), Buffer.from([2 << 3, 1])])),
      field(9, 'D'),
    ]);
    expect(itemDigest(ITEM)).toEqual(hash('sha256', canonical, 'buffer'));
  });

  it('is the same after the item travelled', () => {
    const bytes = encode('CataloguePublished', { version: 1, scope: 'province', items: [ITEM] });
    expect(itemDigest(decode('CataloguePublished', bytes).items[0]!)).toEqual(itemDigest(ITEM));
  });

  it.each<[string, Partial<messages.Item>]>([
    ['name', { name: 'B' }],
    ['limit', { statutoryWorkingDays: 1 }],
    ['material', { materials: [{ name: 'C', originalToBeChecked: false, mayFollowLater: false }] }],
  ])('changes with its %s', (_, change) => {
    expect(itemDigest({ ...ITEM, ...change })).not.toEqual(itemDigest(ITEM));
  });
});
