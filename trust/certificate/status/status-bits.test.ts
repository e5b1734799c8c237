import { deflateRawSync, deflateSync } from 'node:zlib';
import { StatusList } from '@sd-jwt/jwt-status-list';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { compressStatuses, inflateStatuses, packStatuses, type StatusBits, statusAtIndex } from './status-bits.ts';

const MEBIBYTE = 1024 * 1024;

/** A list of some width with some values. */
const lists = fc.constantFrom<StatusBits>(1, 2, 4, 8).chain((bits) =>
  fc.record({
    bits: fc.constant(bits),
    values: fc
      .array(fc.nat(2 ** bits - 1), { minLength: 1, maxLength: 25 })
      .map((values) => [...values, ...Array<number>((8 - (values.length % 8)) % 8).fill(0)]),
  }),
);

function pack(values: readonly number[], bits: StatusBits): Uint8Array {
  return packStatuses(values.length, bits, values.entries());
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'none';
}

describe('the entries', () => {
  it('are packed as the examples of the draft show', () => {
    const one = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    expect(Buffer.from(pack(one, 1)).toString('hex')).toBe('b9a3');
    const two = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3, 0, 0, 0, 0];
    expect(Buffer.from(pack(two, 2)).toString('hex')).toBe('c944f900');
    const draft = (text: string) => Buffer.from(inflateStatuses(Buffer.from(text, 'base64url'))).toString('hex');
    expect([draft('eNrbuRgAAhcBXQ'), draft('eNo76fITAAPfAgc')]).toEqual(['b9a3', 'c944f9']);
  });

  it('come back, whatever the values, and no more of them', () => {
    fc.assert(
      fc.property(lists, ({ bits, values }) => {
        const bytes = pack(values, bits);
        expect(values.map((_, index) => statusAtIndex(bytes, bits, index))).toEqual(values);
        for (const index of [-1, values.length, 2 ** 40, 0.5, Number.NaN])
          expect(statusAtIndex(bytes, bits, index)).toBeUndefined();
      }),
    );
  });

  it('are those that another implementation packs and reads', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async ({ bits, values }) => {
        const bytes = pack(values, bits);
        const others = new StatusList(values, bits).compressStatusList();
        expect([...inflateStatuses(Buffer.from(others, 'base64url'))]).toEqual([...bytes]);
        const ours = (await compressStatuses(bytes)).toString('base64url');
        const read = StatusList.decompressStatusList(ours, bits);
        expect(values.map((_, index) => read.getStatus(index))).toEqual(values);
      }),
    );
  });

  it('that do not fit are refused before anything is signed', () => {
    expect(() => packStatuses(8, 2, [[8, 1]])).toThrow(RangeError);
    expect(() => packStatuses(8, 2, [[-1, 1]])).toThrow(RangeError);
    expect(() => packStatuses(8, 2, [[0, 4]])).toThrow(RangeError);
  });
});

describe('inflating', () => {
  it('stops at the size that a list may have, however little the bomb weighs', () => {
    const bomb = deflateSync(Buffer.alloc(256 * MEBIBYTE));
    expect(bomb.length).toBeLessThan(MEBIBYTE);
    const before = process.memoryUsage().rss;
    expect(codeOf(() => inflateStatuses(bomb))).toBe('STATUS_LIST_INVALID');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
    expect(inflateStatuses(deflateSync(Buffer.alloc(4 * MEBIBYTE)))).toHaveLength(4 * MEBIBYTE);
  });

  it('refuses what is no ZLIB stream, or ends too soon', () => {
    const whole = deflateSync(Buffer.alloc(1024, 7));
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('nothing'),
      deflateRawSync(Buffer.alloc(64)),
      whole.subarray(0, -3),
    ])
      expect(codeOf(() => inflateStatuses(bytes))).toBe('STATUS_LIST_INVALID');
  });

  it('never fails otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['none', 'STATUS_LIST_INVALID']).toContain(codeOf(() => inflateStatuses(bytes)));
      }),
    );
  });
});
