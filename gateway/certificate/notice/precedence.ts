import { CodedError } from '#proto';
import type { StatusWord } from '#trust';
import { STATUS_CHANGES } from '../standing.ts';
import type { Decision } from './words.ts';

/** What somebody says of the status of a certificate, and of which moment. */
export interface Said {
  readonly word: StatusWord;
  /** Milliseconds, by the issuer's clock. */
  readonly asOf: number;
}

/** Whether a word ends a certificate (注销、撤销、吊销): nothing follows it. */
export function isEnding(word: StatusWord): boolean {
  return STATUS_CHANGES[word].length === 0;
}

/** Which of two words counts: an ending, for a list can be older than it or forgotten; else what was said later. */
export function counting<A extends Said, B extends Said>(one: A | undefined, other: B | undefined): A | B | undefined {
  if (!one || !other) return one ?? other;
  if (isEnding(one.word) !== isEnding(other.word)) return isEnding(one.word) ? one : other;
  return other.asOf > one.asOf ? other : one;
}

/**
 * Whether a notice says more than the one before it. A repeat does not, nor what was decided earlier and came later.
 *
 * @throws CodedError CONFLICT when it would bring back, or end in another way, what has ended
 */
export function isNews(known: Decision | undefined, notice: Decision): boolean {
  if (!known) return true;
  if (notice.decidedAt <= known.decidedAt) return false;
  if (!isEnding(known.status)) return true;
  if (notice.status === known.status) return false;
  throw new CodedError('CONFLICT', `the certificate is ${known.status} for good: nothing can follow`);
}
