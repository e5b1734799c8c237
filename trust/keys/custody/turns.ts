import type { CodedError } from '#proto';

/** Bounds on work for something that stands few callers at a time. */
export interface TurnLimits {
  /** Calls under way at a time. */
  readonly atOnce: number;
  /** Calls that wait for theirs; one more is turned away. */
  readonly waiting: number;
}

/** Lets only so many calls run at a time; the others wait in their order. */
export class Turns {
  readonly #limits: TurnLimits;
  readonly #full: () => CodedError;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param full what a call is told for which there is no room to wait */
  constructor(limits: TurnLimits, full: () => CodedError) {
    this.#limits = limits;
    this.#full = full;
  }

  /** Runs the work when its turn comes. A failure of one does not concern the next. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(): Promise<void> {
    if (this.#running < this.#limits.atOnce) {
      this.#running += 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#limits.waiting) return Promise.reject(this.#full());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes straight to the next in line, so that nobody slips in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }
}
