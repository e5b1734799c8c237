import type { Clock } from '#trust';

const MINUTE_MS = 60_000;

/** Counts what each peer does in a minute, so that nobody makes us work without end. */
export class Pace {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #counts = new Map<string, { since: number; count: number }>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Counts one. @returns false when it is one too many */
  allows(peer: string): boolean {
    const now = this.#clock.now();
    const known = this.#counts.get(peer);
    const minute = known && now - known.since < MINUTE_MS ? known : { since: now, count: 0 };
    minute.count += 1;
    this.#counts.set(peer, minute);
    return minute.count <= this.#perMinute;
  }
}
