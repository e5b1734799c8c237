/**
 * Runs works side by side, those of one case one after another in the order in which they came. Neither many cases nor
 * one slow case makes it hold more than `atOnce` works.
 */
export class Lanes {
  readonly #atOnce: number;
  /** End of the last work of each lane. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #held = 0;

  /** @param atOnce works that are under way, or wait for those before them in their lane */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Takes a work; resolves once it is held, which is at once while there is room. To be called by one caller, who waits.
   *
   * @param lane what works that must not overtake each other have in common, such as the number of their case
   * @param work must not reject
   */
  async add(lane: string, work: () => Promise<void>): Promise<void> {
    while (this.#held >= this.#atOnce) await this.#oneEnds();
    this.#held += 1;
    const done = (this.#lanes.get(lane) ?? Promise.resolve()).then(work).finally(() => {
      if (this.#lanes.get(lane) === done) this.#lanes.delete(lane);
      this.#held -= 1;
      for (const goOn of this.#waiting.splice(0)) goOn();
    });
    this.#lanes.set(lane, done);
  }

  /** Resolves when every work has ended. */
  async idle(): Promise<void> {
    while (this.#held > 0) await this.#oneEnds();
  }

  #oneEnds(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
