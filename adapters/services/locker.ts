/** What can become of a result in a locker: it waits for the window, lies there, was taken out, or came back. */
export const LOCKER_STATES = ['ordered', 'deposited', 'collected', 'returned', 'cancelled'] as const;
export type LockerState = (typeof LOCKER_STATES)[number];

/** A result is to be laid into a locker (自助存取文件柜). */
export interface LockerOrder {
  /** Idempotency key: the same for the same order, also after a restart. */
  readonly id: string;
  /** By which the order is known from then on, at both ends. */
  readonly conversation: string;
  /** Our own case number (办件编号), which stands on the envelope. */
  readonly number: string;
  readonly item: string;
}

export interface LockerCancel {
  readonly id: string;
  readonly conversation: string;
}

/** What became of an order. */
export interface LockerFinding {
  readonly state: LockerState;
  /** Since when, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Port to the lockers (自助存取文件柜, A12) of the own region. The platform itself tells the applicant the code that opens
 * the box: the gateway never has it.
 *
 * An implementation
 * - resolves `order` and `cancel` only when the platform took them, and gives it the id, so that a repetition has no effect;
 * - says of a state only what the platform said: undefined for an order that it does not know;
 * - gives up within a time of its own, and soon after `signal` aborts.
 */
export interface Locker {
  /** @throws PlatformError, and nothing else */
  order(order: LockerOrder, signal: AbortSignal): Promise<void>;
  /** What was taken out already stays so. @throws PlatformError, and nothing else */
  cancel(cancel: LockerCancel, signal: AbortSignal): Promise<void>;
  /** @throws PlatformError, and nothing else; retryable when asking again can help */
  state(conversation: string, signal: AbortSignal): Promise<LockerFinding | undefined>;
}
