import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decode, encode, type messages } from '#proto';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { itemDigest } from './item-digest.ts';
import { wholeItem } from './item-reader.ts';

const ITEM = wholeItem({
  code: 'EX1',
  name: 'A',
  department: 'B',
  applicant: 'person',
  modes: ['online'],
  promisedWorkingDays: 1,
  materials: [{ name: 'C', originalToBeChecked: true }],
  result: 'D',
});

describe('the digest of an item', () => {
  it('is that of the canonical encoding, without fields that hold their default, so that newer fields change nothing', () => {
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
    for (const item of [ITEM, wholeItem(payloadSamples.CataloguePublished.items[0])]) {
      const bytes = encode('CataloguePublished', { version: 1, scope: 'province', items: [item] });
      expect(itemDigest(decode('CataloguePublished', bytes).items[0]!)).toEqual(itemDigest(item));
    }
  });

  it.each<[string, Partial<Record<keyof messages.Item, unknown>>]>([
    ['name', { name: 'B' }],
    ['limit', { statutoryWorkingDays: 1 }],
    ['material', { materials: [{ name: 'C' }] }],
    ['count of copies', { materials: [{ name: 'C', originalToBeChecked: true, copies: 1 }] }],
    ['flow', { flow: [{ name: '受理' }] }],
    ['silence', { silenceAccepts: true }],
    ['scope', { scopes: ['跨省通办'] }],
  ])('changes with its %s', (_, change) => {
    expect(itemDigest(wholeItem({ ...ITEM, ...change }))).not.toEqual(itemDigest(ITEM));
  });
});
