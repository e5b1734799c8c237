import { MappingTimeout } from './fault.ts';

/** Records in a row that run out of time until a mapping is left alone, and for how many milliseconds. */
export const TIMEOUTS_IN_A_ROW = 5;
export const REST_MS = 60_000;

/**
 * Leaves breaks to the gateway (熔断): an expression that does not end holds up everything else until its time is over,
 * so a mapping that does it again and again is not asked for a while. The first timeout after that means another break.
 */
export class Breaks {
  readonly #clock: { now(): number };
  readonly #told: () => void;
  #inRow = 0;
  #since: number | undefined;
  #isTold = false;

  /** @param told is called at the first of such breaks, until a record comes through again */
  constructor(clock: { now(): number }, told: () => void) {
    this.#clock = clock;
    this.#told = told;
  }

  /** @returns what the work gives; the fault where its time was over or it was not even begun */
  run<T>(work: () => T): T | MappingTimeout {
    if (this.#isResting()) {
      const seconds = REST_MS / 1000;
      return new MappingTimeout(
        `the mapping is not asked for ${seconds} s: its expressions ran out of time again and again`,
      );
    }
    try {
      const given = work();
      this.#inRow = 0;
      this.#isTold = false;
      return given;
    } catch (error) {
      if (!(error instanceof MappingTimeout)) throw error;
      this.#inRow += 1;
      if (this.#inRow >= TIMEOUTS_IN_A_ROW) this.#rest();
      return error;
    }
  }

  /** A clock that was put back ends a break, too. */
  #isResting(): boolean {
    return this.#since !== undefined && Math.abs(this.#clock.now() - this.#since) < REST_MS;
  }

  #rest(): void {
    this.#since = this.#clock.now();
    if (!this.#isTold) this.#told();
    this.#isTold = true;
  }
}
