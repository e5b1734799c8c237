import type { messages } from '#proto';
import { CodedError } from '#proto';
import { type LogCheckpoint, type VerifiedCheckpoint, verifyLogConsistency } from '#trust';
import type { AlarmKind } from './log-alarms.ts';

/**
 * What a shown state is to the one that is held. `unproven`: its owner does not seem to know what we hold, so it is told
 * and may show again; every other word but `grown` and `same` is worth an alarm.
 */
export type Growth = 'grown' | 'same' | Exclude<AlarmKind, 'split-view'>;

/**
 * Compares the state that a region shows of its log with the newest one that is held of it. Whoever proves something
 * about the size that is held knows of it: from then on nothing but growth will do.
 */
export function judgeGrowth(
  held: LogCheckpoint | undefined,
  shown: VerifiedCheckpoint,
  growth: readonly messages.LogGrowth[],
): Growth {
  if (!held) return 'grown';
  if (shown.epoch !== held.epoch) return shown.epoch > held.epoch ? 'restarted' : 'shortened';
  if (shown.size === held.size) return shown.root.equals(held.root) ? 'same' : 'rewritten';
  const proof = growth.find(({ size }) => size === held.size);
  if (!proof) return 'unproven';
  if (shown.size < held.size) return 'shortened';
  return continues(held, shown, proof) ? 'grown' : 'rewritten';
}

/** Whether a proof shows that one state of a log begins another. */
export function continues(
  older: Pick<LogCheckpoint, 'size' | 'root'>,
  newer: VerifiedCheckpoint,
  { proof }: messages.LogGrowth,
): boolean {
  try {
    verifyLogConsistency(newer.hash, older.size, older.root, newer.size, newer.root, proof);
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
