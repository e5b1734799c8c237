/** A case that may be rated now (好差评). Nothing about the person: who rates proves by the query code that it is his. */
export interface RatingInvitation {
  /** Idempotency key: the same for the same invitation, also after a restart. */
  readonly id: string;
  readonly conversation: string;
  /** Our own case number (办件编号). */
  readonly number: string;
  readonly item: string;
  readonly queryCode: string;
  /** Who stood at the window. */
  readonly organisation: string;
  /** When the result was delivered, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Port to the rating platform (好差评, A7) of the own region. What is rated comes back by a way in, as the act `rate`.
 *
 * An implementation resolves only when the platform took the invitation, gives it the id, so that a repetition is no second
 * invitation, and gives up within a time of its own and soon after `signal` aborts.
 */
export interface RatingPlatform {
  /** @throws PlatformError, and nothing else */
  invite(invitation: RatingInvitation, signal: AbortSignal): Promise<void>;
}
