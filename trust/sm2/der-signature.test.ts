import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SM2_CURVE } from './curve.ts';
import { derOfRaw, rawOfDer } from './der-signature.ts';

const ONE = `${'0'.repeat(63)}1`;
const ZERO = '0'.repeat(64);
const ALMOST_N = SM2_CURVE.n.replace(/3$/, '2');
const raw = (r: string, s: string) => Buffer.from(r + s, 'hex');

it('is read back as it was written', () => {
  const number = fc.bigInt(1n, BigInt(`0x${SM2_CURVE.n}`) - 1n).map((n) => n.toString(16).padStart(64, '0'));
  const small = fc.bigInt(1n, 70_000n).map((n) => n.toString(16).padStart(64, '0'));
  const any = fc.oneof(number, small);
  fc.assert(
    fc.property(any, any, (r, s) => {
      expect(rawOfDer(derOfRaw(raw(r, s))!)).toEqual(raw(r, s));
    }),
  );
});

it('has one form only: other bytes are refused', () => {
  const good = derOfRaw(raw(ALMOST_N, ONE))!;
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(3), (at, byte, cut) => {
      const other = Buffer.from(good.subarray(0, good.length - cut));
      if (at < other.length) other[at] = byte;
      try {
        expect(derOfRaw(rawOfDer(other))).toEqual(other);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { numRuns: 1000 },
  );
});

it('is the shortest form of both numbers', () => {
  expect(derOfRaw(raw(ONE, ONE))?.toString('hex')).toBe('3006020101020101');
  expect(derOfRaw(raw(ONE.replace('01', '80'), ONE))?.toString('hex')).toBe('300702020080020101');
  expect(derOfRaw(raw(ALMOST_N, ONE))?.toString('hex')).toBe(`3026022100${ALMOST_N}020101`);
});

it('is not made of numbers out of range or of other lengths', () => {
  for (const [r, s] of [
    [ZERO, ONE],
    [ONE, ZERO],
    [SM2_CURVE.n, ONE],
    [ONE, SM2_CURVE.n],
    ['f'.repeat(64), ONE],
    [ONE, '01'],
    [ONE, `${ONE}00`],
    ['', ''],
  ] as const)
    expect(derOfRaw(raw(r, s))).toBeUndefined();
});

describe.each([
  ['nothing', ''],
  ['an empty sequence', '3000'],
  ['another tag', '3106020101020101'],
  ['one number', '3003020101'],
  ['three numbers', '3009020101020101020101'],
  ['bytes after the end', '300602010102010100'],
  ['a sequence that is cut', '30060201010201'],
  ['a length that is too short', '3005020101020101'],
  ['a length that is not the shortest', '308106020101020101'],
  ['a number with a needless zero', '300702020001020101'],
  ['a number without bytes', '30050200020101'],
  ['zero', '3006020100020101'],
  ['a negative number', '30060201ff020101'],
  ['the order of the curve', `3026022100${SM2_CURVE.n}020101`],
  ['a number of 33 bytes', `30260221${'01'.repeat(33)}020101`],
  ['another inner tag', '3006040101020101'],
])('DER with %s', (_, hex) => {
  it('is refused', () => {
    expect(() => rawOfDer(Buffer.from(hex, 'hex'))).toThrow(TypeError);
  });
});
