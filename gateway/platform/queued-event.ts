import type { PlatformEvent } from '#adapters';
import type { ErrorCode } from '#proto';
import type { LetterReason } from '../dead-letter/letter.ts';

/** An event whose turn it is. */
export interface QueuedEvent {
  readonly position: number;
  readonly event: PlatformEvent;
  /** Whether it is no longer new: it failed before, or stood behind one that did. */
  readonly held: boolean;
  /** Attempts that failed. */
  readonly attempts: number;
  /** When the first attempt failed, in ms; undefined before. */
  readonly failedSince: number | undefined;
  /** Why its data, which are empty then, do not open: it cannot be delivered. */
  readonly unopened: ErrorCode | undefined;
  /** Whether the platform wants events of its type: else it is left out. */
  readonly isWanted: boolean;
  /** Whether earlier events of its subject are held: it only takes its place behind them. */
  readonly waits: boolean;
}

/** Why an attempt failed. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** When, in ms. */
  readonly at: number;
}

/** What became of an event. */
export type Ending =
  | { readonly to: 'delivered' }
  /** Nothing is to be done with it. */
  | { readonly to: 'nobody' }
  /** It takes its place behind those of its subject that wait. */
  | { readonly to: 'lined' }
  /** @param dueAt when to try again, in ms */
  | { readonly to: 'postponed'; readonly failure: Failure; readonly dueAt: number }
  | { readonly to: 'parked'; readonly failure: Failure; readonly reason: LetterReason };

/** Events, or when to look again, in ms; undefined: when there are new events. */
export interface Turn {
  readonly events: readonly QueuedEvent[];
  /** Without events: when to look again. */
  readonly dueAt?: number | undefined;
}
