import { brokenOff, orBrokenOff } from '../broken-off.ts';

/** Runs works one after another, whoever asks for them: of what takes much memory there is one at a time. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param signal ends the wait, and the turn, whatever the work is waiting for
   * @throws PlatformError retryable, when it was broken off; what the work throws
   */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#last.then(() => {
      if (signal.aborted) throw brokenOff();
      return orBrokenOff(work(), signal);
    });
    this.#last = turn.catch(() => undefined);
    return orBrokenOff(turn, signal);
  }
}
