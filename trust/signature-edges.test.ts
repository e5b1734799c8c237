import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importPublicJwk, type SuiteName, suiteOf } from './suites.ts';

const DATA = Buffer.from('跨域通办');
/** Order of the group that each suite works in (FIPS 186-5, RFC 8032, GB/T 32918.5). */
const ORDER: Readonly<Record<SuiteName, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  Ed25519: 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn,
  'SM2-SM3': 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
};
const TOP = 2n ** 256n - 1n;

function bytes(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0').slice(-64), 'hex');
}

function number(part: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(part).toString('hex')}`);
}

/** The two numbers of a signature, which JOSE writes one after the other. */
function partsOf(signature: Buffer): readonly [bigint, bigint] {
  return [number(signature.subarray(0, 32)), number(signature.subarray(32))];
}

describe.each(['ES256', 'SM2-SM3'] as const)('%s believes no signature', (name) => {
  const suite = suiteOf(name);
  const { privateKey, publicKey } = suite.generate();
  const n = ORDER[name];
  const [r, s] = partsOf(suite.sign(privateKey, DATA));

  it.each([
    ['of two zeros', 0n, 0n],
    ['with r = 0', 0n, s],
    ['with s = 0', r, 0n],
    ['with r = 1 and s = 1', 1n, 1n],
    ['with r = n', n, s],
    ['with s = n', r, n],
    ['with both n', n, n],
    ['with r = n - 1', n - 1n, s],
    ['with s = n - 1', r, n - 1n],
    ['with r = n + 1', n + 1n, s],
    ['of the largest numbers', TOP, TOP],
    ['with r and s changed round', s, r],
    ['whose numbers add up to n', r, n - r],
    ['with r negated', n - r, s],
  ])('%s', (_what, first, second) => {
    expect(suite.verify(publicKey, DATA, Buffer.concat([bytes(first), bytes(second)]))).toBe(false);
  });
});

it('ES256 takes no signature in DER, short or long', () => {
  const suite = suiteOf('ES256');
  const { privateKey, publicKey } = suite.generate();
  const der = sign('sha256', DATA, privateKey);
  const padded = Buffer.concat([Buffer.from([0x30, 0x81, der.length - 2]), der.subarray(2)]);
  const junk = Buffer.concat([der, Buffer.from([0])]);
  for (const bad of [der, padded, junk, der.subarray(0, 64)]) expect(suite.verify(publicKey, DATA, bad)).toBe(false);
});

it('SM2 takes the negative of s no more than any other number', () => {
  const suite = suiteOf('SM2-SM3');
  const { privateKey, publicKey } = suite.generate();
  const [r, s] = partsOf(suite.sign(privateKey, DATA));
  expect(suite.verify(publicKey, DATA, Buffer.concat([bytes(r), bytes(ORDER['SM2-SM3'] - s)]))).toBe(false);
});

describe('Ed25519 believes no signature', () => {
  const suite = suiteOf('Ed25519');
  const { privateKey, publicKey } = suite.generate();
  const signature = suite.sign(privateKey, DATA);
  const little = (value: bigint) => bytes(value).reverse();
  const s = number(Buffer.from(signature.subarray(32)).reverse());

  it.each([
    ['whose S is not reduced (RFC 8032, 5.1.7)', s + ORDER.Ed25519],
    ['whose S is 0', 0n],
    ['whose S is the order', ORDER.Ed25519],
    ['whose S is negated', ORDER.Ed25519 - s],
    ['whose S is the largest number', TOP],
  ])('%s', (_what, changed) => {
    const other = Buffer.concat([signature.subarray(0, 32), little(changed)]);
    expect(suite.verify(publicKey, DATA, other)).toBe(false);
  });

  // Under a key of small order one signature could fit every message: whoever signed could deny what.
  it.each([
    ['1', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['4', '0000000000000000000000000000000000000000000000000000000000000000'],
    ['8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  ])('that fits every message under a key of order %s', (_order, point) => {
    const x = Buffer.from(point, 'hex');
    const key = importPublicJwk({ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') });
    const one = Buffer.from('0100000000000000000000000000000000000000000000000000000000000000', 'hex');
    for (const commitment of [one, x])
      for (let message = 0; message < 32; message += 1) {
        const forged = Buffer.concat([commitment, Buffer.alloc(32)]);
        expect(suite.verify(key, Buffer.from([message]), forged)).toBe(false);
      }
  });
});
