import type { Clock } from '#trust';

/** How long a number of a platform may be under way to us after it was first heard of, in ms. */
const UNDER_WAY_MS = 2 * 60_000;
/** Submissions that wait so, of all platforms together. */
export const EARLY_SUBMISSIONS = 10_000;

/**
 * Submissions that name a case by a number which the platform has not told us yet: one that decides at once may be faster
 * than its own answer to the event, in which it tells the number.
 */
export class EarlyReferences {
  readonly #clock: Clock;
  readonly #most: number;
  /** When each was first seen, in ms; the oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock, most = EARLY_SUBMISSIONS) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Whether the number of a submission may still be under way. Where too many wait, no other does. */
  isUnderWay(submission: string): boolean {
    const now = this.#clock.now();
    const since = this.#seen.get(submission);
    if (since !== undefined) return isRecent(since, now);
    const [oldest] = this.#seen;
    if (this.#seen.size >= this.#most) {
      if (isRecent(oldest![1], now)) return false;
      this.#seen.delete(oldest![0]);
    }
    this.#seen.set(submission, now);
    return true;
  }

  forget(submission: string): void {
    this.#seen.delete(submission);
  }
}

/** A clock that was set back ends the wait. */
function isRecent(since: number, now: number): boolean {
  return now >= since && now - since < UNDER_WAY_MS;
}
