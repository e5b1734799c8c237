/** Longest sleep, in ms: a clock that was set back must not silence anybody for long. */
const LONGEST_MS = 60_000;

/** A sleep that others can end. A call that comes while nobody sleeps ends the next sleep at once. */
export class Sleeper {
  #called = false;
  #end: (() => void) | undefined;

  /** @param ms how long, at most one minute; longer is cut, so look at the clock again */
  async sleep(ms: number): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(Math.max(ms, 1), LONGEST_MS));
        timer.unref();
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#end = undefined;
    this.#called = false;
  }

  wake(): void {
    this.#called = true;
    this.#end?.();
  }
}
