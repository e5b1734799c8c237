/** Exponential back-off with full jitter: between half and all of the doubled wait, never above the ceiling. */
export class BackOff {
  readonly #firstMs: number;
  readonly #ceilingMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1 */
  constructor(firstMs: number, ceilingMs: number, random: () => number) {
    this.#firstMs = firstMs;
    this.#ceilingMs = ceilingMs;
    this.#random = random;
  }

  /** Counts a failure. @returns milliseconds to wait */
  next(): number {
    const full = Math.min(this.#ceilingMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return full * (0.5 + this.#random() / 2);
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Forgets the failures. */
  reset(): void {
    this.#failures = 0;
  }
}
