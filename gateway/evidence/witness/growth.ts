import type { messages } from '#proto';
import { CodedError } from '#proto';
import { type EpochOpening, type LogCheckpoint, type VerifiedCheckpoint, verifyLogConsistency } from '#trust';
import type { AlarmKind } from './log-alarms.ts';

/**
 * What a shown state is to the one that is held. `unproven`: its owner does not seem to know what we hold, so it is told
 * and may show again; every other word but `grown` and `same` is worth telling the operators.
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

/** What we know when a region shows a higher epoch than the one that we hold. */
export interface NewEpoch {
  readonly held: LogCheckpoint;
  readonly heldNote: string;
  /** Largest state of the held epoch among those that we countersigned and that the region says it kept. */
  readonly base: LogCheckpoint | undefined;
  /** Undefined when it says nothing that verifies. */
  readonly opening: EpochOpening | undefined;
}

/**
 * Judges a higher epoch. Only an owner that names the very state that we hold, under its log key, was restored; and
 * what it says it kept must be what we saw.
 */
export function judgeNewEpoch(
  { held, heldNote, base, opening }: NewEpoch,
  shown: VerifiedCheckpoint,
  growth: readonly messages.LogGrowth[],
): Growth {
  if (opening?.epoch !== shown.epoch || opening.cites !== heldNote) return 'restarted';
  if (shown.size < opening.kept) return 'shortened';
  const from = held.size <= opening.kept ? held : base;
  if (!from) return 'restored';
  if (from.size === shown.size) return from.root.equals(shown.root) ? 'restored' : 'rewritten';
  const proof = growth.find(({ size }) => size === from.size);
  if (!proof) return 'unproven';
  return continues(from, shown, proof) ? 'restored' : 'rewritten';
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
