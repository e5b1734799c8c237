/** Days before the end at which we say so: in time for a renewal by hand, then urgently, then at the last moment. */
const WARN_DAYS = [1, 7, 30] as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Says of each thing once that it will end, at each of the thresholds, and once that it has. */
export class EndWarnings {
  readonly #said = new Map<string, number>();

  /**
   * @param what names the thing
   * @param expiresAt milliseconds
   * @param say gets the whole days that are left; 0 on the last day, -1 after the end
   */
  note(what: string, expiresAt: number, now: number, say: (days: number) => void): void {
    const days = daysLeft(expiresAt, now);
    const threshold = days < 0 ? -1 : WARN_DAYS.find((limit) => expiresAt - now <= limit * DAY_MS);
    if (threshold === undefined) {
      this.#said.delete(what);
      return;
    }
    if (threshold >= (this.#said.get(what) ?? Number.POSITIVE_INFINITY)) return;
    this.#said.set(what, threshold);
    say(days);
  }
}

/** Whole days until an end; -1 once it has come. */
export function daysLeft(expiresAt: number, now: number): number {
  return now >= expiresAt ? -1 : Math.floor((expiresAt - now) / DAY_MS);
}

/** Whether an end is near enough to be said. */
export function isEnding(expiresAt: number, now: number): boolean {
  return expiresAt - now <= Math.max(...WARN_DAYS) * DAY_MS;
}
