import type { Random } from '../fuzz/random.ts';
import type { Ledger } from './stage/ledger.ts';
import type { Load } from './stage/load.ts';
import type { Stage, StageNeeds, StoreKind } from './stage/stage.ts';

/** How much is done in one round. */
export interface Effort {
  /** Cases that the sender's API is to accept, one envelope each; one of a hundred has files. */
  readonly cases: number;
  /** Times that something is killed, cut, filled or set wrong. */
  readonly blows: number;
  /** Envelopes that a peer sends by hand, again and again. */
  readonly posted: number;
}

/** What a round works with while cases are handed in. */
export interface Play {
  readonly stage: Stage;
  readonly load: Load;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly effort: Effort;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
  /** A process was killed. */
  killed(): void;
}

/** What a round prepares before the two regions exist. Must be closed by the caller. */
export interface Ground extends StageNeeds {
  /** Share of the cases that is handed in before the round allows more, 0 to 1; all of them when absent. */
  readonly firstShare?: number;
  /** Disturbs them for as long as it likes; what it leaves broken is healed afterwards. */
  disturb(play: Play): Promise<void>;
  /** Waits for whatever the two outboxes do not show. */
  afterwards?(play: Play): Promise<void>;
  /** Whether the receiver's platform must have been told of every case. */
  readonly mustBeTold?: boolean;
  close?(): Promise<void>;
}

/** One kind of misfortune. */
export interface Round {
  readonly name: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** Why it cannot be run here; undefined when it can. */
  absent?(store: StoreKind): Promise<string | undefined>;
  prepare(context: GroundContext): Promise<Ground>;
}

export interface GroundContext {
  readonly random: Random;
  readonly store: StoreKind;
  readonly effort: Effort;
}

/** Strikes at moments that the random numbers choose, while the cases come in. */
export async function atMoments({ load, random, effort, signal }: Play, strike: () => Promise<void>): Promise<void> {
  const moments = Array.from({ length: effort.blows }, () => 0.02 + random.below(940) / 1000).sort((a, b) => a - b);
  for (const moment of moments) {
    await load.reached(moment);
    if (signal.aborted) return;
    await strike();
  }
}
