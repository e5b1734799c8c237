import type { AdapterContext } from '../adapter.ts';
import { backOff } from '../outcomes.ts';
import { Pause } from '../pause.ts';

const FIRST_BACKOFF_MS = 500;

export interface SteadyReadingOptions {
  /** What the operator calls the platform. */
  readonly platform: string;
  readonly log: AdapterContext['log'];
  /** What the log says when it is lost. */
  readonly lostText: string;
  /** What a failure is called in the log. */
  readonly codeOf: (error: unknown) => string;
}

/** Reads over connections until it is stopped: one that cannot be had or is lost is followed by another, after a wait. */
export class SteadyReading {
  readonly #options: SteadyReadingOptions;
  readonly #stopping = new AbortController();
  readonly #pause = new Pause(this.#stopping.signal);
  #isLost = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SteadyReadingOptions) {
    this.#options = options;
  }

  /** Aborted when it stops. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Begins. Called at most once.
   *
   * @param read reads over one connection, says when it is open, and resolves when it stops; throws when there is none, or
   *   no longer one
   */
  start(read: (whenOpen: () => void) => Promise<void>): void {
    this.#running = this.#run(read);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(read: (whenOpen: () => void) => Promise<void>): Promise<void> {
    for (let tries = 0; !this.stopping.aborted; tries += 1) {
      try {
        await read(() => {
          tries = 0;
          this.#isLost = false;
        });
      } catch (error) {
        this.#lost(error);
      }
      await this.#pause.wait(backOff(FIRST_BACKOFF_MS, tries));
    }
  }

  /** Says it once until it works again. */
  #lost(error: unknown): void {
    if (this.#isLost || this.stopping.aborted) return;
    this.#isLost = true;
    const { platform, log, lostText, codeOf } = this.#options;
    log.warn({ adapter: platform, code: codeOf(error) }, lostText);
  }
}
