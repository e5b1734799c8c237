import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StorageCipher } from '#trust';
import {
  bytesOfText,
  formOf,
  formOfText,
  openValue,
  plainForm,
  plainOf,
  plainTextForm,
  plainTextOf,
  sealValue,
  textOf,
  type ValueKey,
} from './sealed-value.ts';

const AES: ValueKey = { id: 7, cipher: 'AES-256-GCM', key: Buffer.alloc(32, 0x11) };
const SM4: ValueKey = { id: 0xfffffffe, cipher: 'SM4-GCM', key: Buffer.alloc(16, 0x22) };
const NONCE = Buffer.from('000102030405060708090a0b', 'hex');
const PLACE = 'case_file.document\n0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

/** Recorded bytes: what stands in a database of today has to open for ever. */
const RECORDED: readonly (readonly [ValueKey, string])[] = [
  [AES, '070100000007000102030405060708090a0bf46d3df6cb2cd36c9aa76601241003ef721c0a99641baac4bf'],
  [SM4, '0702fffffffe000102030405060708090a0b40b8492ecdaebc31f271506f04cd1fc6394854d24d570d8853'],
];

describe('a sealed value', () => {
  it.each(RECORDED)('has the recorded bytes: %#', (key, hex) => {
    expect(sealValue(key, PLACE, Buffer.from('王小明'), NONCE).toString('hex')).toBe(hex);
    expect(openValue(key, PLACE, Buffer.from(hex, 'hex')).toString()).toBe('王小明');
  });

  it('is what the page about the format says', () => {
    const head = Buffer.from('070100000007', 'hex');
    const cipher = createCipheriv('aes-256-gcm', AES.key, NONCE).setAAD(Buffer.concat([head, Buffer.from(PLACE)]));
    const ciphertext = Buffer.concat([cipher.update('王小明'), cipher.final()]);
    const expected = Buffer.concat([head, NONCE, ciphertext, cipher.getAuthTag()]);
    expect(sealValue(AES, PLACE, Buffer.from('王小明'), NONCE)).toEqual(expected);
  });

  const keys = fc.constantFrom(AES, SM4);
  const plains = fc.uint8Array({ maxLength: 300 });

  it('opens in its place, and says which key it needs', () => {
    fc.assert(
      fc.property(keys, plains, fc.string(), (key, plain, place) => {
        const stored = sealValue(key, place, plain);
        expect(formOf(stored)).toEqual({ kind: 'sealed', key: key.id });
        expect(openValue(key, place, stored)).toEqual(Buffer.from(plain));
        expect(formOfText(textOf(stored))).toEqual({ kind: 'sealed', key: key.id });
        expect(bytesOfText(textOf(stored))).toEqual(stored);
      }),
    );
  });

  it('gives nothing away once a bit of it is another, or it is cut off', () => {
    fc.assert(
      fc.property(keys, plains, fc.nat(), (key, plain, at) => {
        const stored = sealValue(key, PLACE, plain);
        const flipped = Buffer.from(stored);
        const bit = at % (stored.length * 8);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const broken = expect.objectContaining({ code: 'AT_REST_BROKEN' });
        expect(() => openValue(key, PLACE, flipped)).toThrow(broken);
        expect(() => openValue(key, PLACE, stored.subarray(0, at % stored.length))).toThrow(broken);
      }),
    );
  });

  it.each([
    'case_file.document\n1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5',
    'inquiry.document\n0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5',
  ])('does not open in another row or column: %j', (place) => {
    const stored = sealValue(AES, PLACE, Buffer.from('王小明'));
    expect(() => openValue(AES, place, stored)).toThrow(expect.objectContaining({ code: 'AT_REST_BROKEN' }));
  });

  it('never uses a nonce twice', () => {
    const nonces = Array.from({ length: 5000 }, () => sealValue(AES, PLACE, Buffer.of(1)).toString('hex', 6, 18));
    expect(new Set(nonces).size).toBe(5000);
  });
});

describe('a plain value', () => {
  const cipher: StorageCipher = 'AES-256-GCM';
  const lookalikes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ minLength: 30, maxLength: 80 }).map((rest) => Buffer.concat([Buffer.of(7, rest[0]! % 4), rest])),
    fc.constant(sealValue({ ...AES, cipher }, PLACE, Buffer.from('x'))),
  );

  it('comes back as it was, and is never taken for a sealed one', () => {
    fc.assert(
      fc.property(lookalikes, (plain) => {
        const stored = Buffer.from(plainForm(plain));
        expect(formOf(stored).kind).not.toBe('sealed');
        expect(plainOf(stored)).toEqual(Buffer.from(plain));
      }),
    );
  });

  it('is the same for texts', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `~tb:${rest}`),
      fc.string().map((rest) => `~tp:${rest}`),
    );
    fc.assert(
      fc.property(texts, (plain) => {
        const stored = plainTextForm(plain);
        expect(formOfText(stored).kind).not.toBe('sealed');
        expect(plainTextOf(stored)).toBe(plain);
      }),
    );
  });

  it('stays as it was in a database of before: salts begin with any byte', () => {
    const salt = Buffer.alloc(32, 7);
    salt[1] = 1;
    expect(formOf(salt)).toEqual({ kind: 'plain' });
    expect(plainForm(salt)).toEqual(salt);
  });
});
