import { VerificationError } from '../errors.ts';

/** Right edge of a log: all that is needed to append to it. */
export interface LogFrontier {
  /** Leaves so far. */
  readonly size: number;
  /** Roots of the complete subtrees that the size consists of, largest first: one for each 1 in its binary form. */
  readonly roots: readonly Buffer[];
}

const HASH_BYTES = 32;
const SIZE_BYTES = 8;

/** Frontier of a log without leaves. */
export const EMPTY_FRONTIER: LogFrontier = Object.freeze({ size: 0, roots: Object.freeze([]) });

/** Bytes to store: `uint64be(size) ‖ roots`, at most 1.7 KB. */
export function encodeFrontier(frontier: LogFrontier): Buffer {
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeBigUInt64BE(BigInt(frontier.size));
  return Buffer.concat([size, ...frontier.roots]);
}

/**
 * Reads what `encodeFrontier` wrote.
 *
 * @throws VerificationError LOG_CORRUPT
 */
export function decodeFrontier(bytes: Uint8Array): LogFrontier {
  const buffer = Buffer.from(bytes);
  const size = buffer.length < SIZE_BYTES ? -1 : Number(buffer.readBigUInt64BE());
  if (!Number.isSafeInteger(size) || size < 0 || buffer.length !== SIZE_BYTES + ones(size) * HASH_BYTES) {
    throw new VerificationError('LOG_CORRUPT', 'the stored right edge of the log cannot be read');
  }
  const roots: Buffer[] = [];
  for (let at = SIZE_BYTES; at < buffer.length; at += HASH_BYTES) roots.push(buffer.subarray(at, at + HASH_BYTES));
  return { size, roots };
}

function ones(size: number): number {
  return size.toString(2).replaceAll('0', '').length;
}
