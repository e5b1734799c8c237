import { SM2_BYTES, SM2_CURVE } from './curve.ts';

const N = BigInt(`0x${SM2_CURVE.n}`);
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** `r ‖ s` of a DER signature (GB/T 35276, 7.3), as OpenSSL writes it. Throws for anything but DER of two numbers in range. */
export function rawOfDer(der: Buffer): Buffer {
  const [tag, length, ...rest] = der;
  if (tag !== SEQUENCE || length !== rest.length) throw new TypeError('not a DER signature');
  const rLength = der[3] ?? 0;
  const r = readInteger(der.subarray(2, 4 + rLength));
  const s = readInteger(der.subarray(4 + rLength));
  return Buffer.concat([r, s]);
}

/** DER of a signature `r ‖ s`; undefined unless it has 64 bytes and both numbers are from 1 below the order of the curve. */
export function derOfRaw(raw: Uint8Array): Buffer | undefined {
  if (raw.length !== 2 * SM2_BYTES) return undefined;
  const parts = [raw.subarray(0, SM2_BYTES), raw.subarray(SM2_BYTES)].map((part) => Buffer.from(part));
  if (!parts.every(inRange)) return undefined;
  return tagged(SEQUENCE, Buffer.concat(parts.map(writeInteger)));
}

/** A positive INTEGER in the shortest form, as 32 bytes. */
function readInteger(der: Buffer): Buffer {
  const content = der.subarray(2);
  const number = content[0] === 0 ? content.subarray(1) : content;
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, SM2_BYTES - number.length)), number]);
  if (padded.length !== SM2_BYTES || !inRange(padded) || !writeInteger(padded).equals(der))
    throw new TypeError('not a DER signature');
  return padded;
}

function writeInteger(number: Buffer): Buffer {
  const digits = number.subarray(number.findIndex((byte) => byte !== 0));
  return tagged(INTEGER, digits[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

function inRange(number: Buffer): boolean {
  const value = BigInt(`0x${number.toString('hex')}`);
  return value > 0n && value < N;
}

/** Both numbers together stay below the 128 bytes from which DER needs a longer length. */
function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, content.length), content]);
}
