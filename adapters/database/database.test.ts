import { expect, it } from 'vitest';
import { asParameter } from './database.ts';

it('gives bytes to drivers as they are, without a copy', () => {
  const bytes = Buffer.from('%PDF');
  expect(asParameter(bytes)).toBe(bytes);
  const part = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, 2);
  const given = asParameter(part) as Buffer;
  expect(Buffer.isBuffer(given)).toBe(true);
  expect(given).toEqual(Buffer.from('PD'));
  part[0] = 0x41;
  expect(given.toString()).toBe('AD');
  expect([null, 'x', 1, true].map(asParameter)).toEqual([null, 'x', 1, true]);
});
