/** What can happen to a parcel: taken, on its way, with the postman, signed for, returned, or something went wrong. */
export const PARCEL_STATES = ['accepted', 'in-transit', 'out-for-delivery', 'signed', 'returned', 'problem'] as const;
export type ParcelState = (typeof PARCEL_STATES)[number];

/** A parcel (邮件) by its number, such as that of EMS. */
export interface ParcelQuestion {
  /** Stable: the same when the same question comes again. */
  readonly id: string;
  readonly carrier: string;
  readonly trackingNumber: string;
}

/** One thing that happened to a parcel. */
export interface ParcelStep {
  readonly state: ParcelState;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Port to the post (邮政寄递, A10).
 *
 * The caller bounds how many questions run at once, and stops asking for a while when the post does not answer. In return
 * an implementation
 * - says a step only when the post said so: none for a number that the post does not know yet;
 * - changes nothing at the platform;
 * - gives up within a time of its own, and soon after `signal` aborts;
 * - logs nothing of a question or an answer.
 */
export interface ParcelTracker {
  /** @returns in any order @throws PlatformError, and nothing else; retryable when asking again can help */
  track(question: ParcelQuestion, signal: AbortSignal): Promise<readonly ParcelStep[]>;
}
