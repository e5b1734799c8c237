import type { ErrorCode } from '#proto';
import { type EnvelopeAnswer, isExpired } from './flight.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long an envelope that its peer does not take is tried again before it becomes a dead letter (死信). */
export const PATIENCE = {
  /** Failures in a row after which a deferral is more than a passing trouble. */
  failures: 8,
  /** Milliseconds for a refusal of the envelope itself. */
  refusedMs: 60 * MINUTE_MS,
  /** Milliseconds for everything else: a missing file, an authorization that waits, a key that is not known yet. */
  deferredMs: 7 * DAY_MS,
} as const;

/**
 * Codes that are about the bytes of an envelope, which never change; the last is what we say of one by which the peer loses
 * its stream instead of answering. All others are about its seal, which is made anew each time, or about what the peer
 * lacks.
 */
const OF_THE_BYTES: ReadonlySet<string> = new Set<ErrorCode>([
  'MESSAGE_TOO_LARGE',
  'MALFORMED',
  'WRONG_RECIPIENT',
  'SUITE_MISMATCH',
  'VERSION_UNSUPPORTED',
  'EXTENSION_UNKNOWN',
  'PAYLOAD_MISMATCH',
  'EXPIRY_INVALID',
  'ID_REUSED',
  'PROTOCOL_VIOLATION',
]);

/** What an answer means for the envelope: nothing, the beginning of a trouble, or its end. */
export type Trouble = 'none' | 'begins' | 'refused' | 'deferred';

/**
 * Judges an answer that is no receipt. What expired has a way of its own.
 *
 * @param failures of its conversation, in a row
 * @param now milliseconds
 */
export function troubleOf(answer: EnvelopeAnswer, failures: number, now: number): Trouble {
  if (answer.kind === 'receipt' || isExpired(answer, now)) return 'none';
  const isFinal = answer.kind === 'refusal' && OF_THE_BYTES.has(answer.code);
  const { troubled_at: since } = answer.envelope;
  if (since === null) return isFinal || failures >= PATIENCE.failures ? 'begins' : 'none';
  if (now - since < (isFinal ? PATIENCE.refusedMs : PATIENCE.deferredMs)) return 'none';
  return isFinal ? 'refused' : 'deferred';
}
