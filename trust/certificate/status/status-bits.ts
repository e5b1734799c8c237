import { promisify } from 'node:util';
import { constants, deflate, inflateSync } from 'node:zlib';
import { VerificationError } from '../../errors.ts';

/** Bits of one entry of a status list: the lowest entry of a byte is in its lowest bits. */
export type StatusBits = 1 | 2 | 4 | 8;

/** Bytes that a list may have once it is inflated: four of our lists of 2^20 entries, in 8 bits each. */
const MAX_BYTES = 4 * 1024 * 1024;

const deflated = promisify(deflate);

/**
 * Packs the entries that are not 0 into the bytes of a list; all others are 0.
 *
 * @param size entries, a multiple of 8
 * @throws RangeError for an entry outside the list or a value that its bits cannot hold
 */
export function packStatuses(
  size: number,
  bits: StatusBits,
  entries: Iterable<readonly [index: number, value: number]>,
): Uint8Array {
  const bytes = new Uint8Array((size * bits) / 8);
  for (const [index, value] of entries) {
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new RangeError(`a list of ${size} has no entry ${index}`);
    if (!Number.isInteger(value) || value < 0 || value >> bits !== 0)
      throw new RangeError(`${value} is no value of ${bits} bits`);
    const { byte, shift } = placeOf(index, bits);
    bytes[byte] = (bytes[byte]! & ~mask(bits, shift)) | (value << shift);
  }
  return bytes;
}

/** The value of one entry; undefined when the list has no such entry. */
export function statusAtIndex(bytes: Uint8Array, bits: StatusBits, index: number): number | undefined {
  if (!Number.isSafeInteger(index) || index < 0) return undefined;
  const { byte, shift } = placeOf(index, bits);
  const held = bytes[byte];
  return held === undefined ? undefined : (held & mask(bits, shift)) >> shift;
}

/** Compresses a list: DEFLATE in the ZLIB format (RFC 1950), as small as it gets. */
export function compressStatuses(bytes: Uint8Array): Promise<Buffer> {
  return deflated(bytes, { level: constants.Z_BEST_COMPRESSION });
}

/**
 * Inflates a list, giving up as soon as it becomes larger than any list may be.
 *
 * @throws VerificationError STATUS_LIST_INVALID
 */
export function inflateStatuses(compressed: Uint8Array): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const detail = tooLarge ? `inflates to more than ${MAX_BYTES} bytes` : 'cannot be inflated';
    throw new VerificationError('STATUS_LIST_INVALID', `the status list ${detail}`, [], { cause });
  }
}

function placeOf(index: number, bits: StatusBits): { byte: number; shift: number } {
  const perByte = 8 / bits;
  return { byte: Math.floor(index / perByte), shift: (index % perByte) * bits };
}

function mask(bits: StatusBits, shift: number): number {
  return ((1 << bits) - 1) << shift;
}
