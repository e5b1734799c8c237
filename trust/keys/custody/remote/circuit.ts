/** When a circuit stops asking, and for how long. */
export interface CircuitLimits {
  /** Failures in a row after which it opens. */
  readonly failures: number;
  /** Milliseconds until the next attempt is let through. */
  readonly openMs: number;
}

/** `closed`: everybody may call. `open`: nobody. `probing`: one call is under way to find out, nobody else may. */
export type CircuitState = 'closed' | 'open' | 'probing';

type Event = 'asked' | 'answered' | 'failed';

/** What follows from what. `failed` closes in on opening; `asked` is refused where it is not listed. */
const NEXT: Readonly<Record<CircuitState, Readonly<Partial<Record<Event, CircuitState>>>>> = {
  closed: { asked: 'closed', answered: 'closed', failed: 'open' },
  open: { asked: 'probing', answered: 'closed', failed: 'open' },
  probing: { answered: 'closed', failed: 'open' },
};

/**
 * Spares a server that does not answer, and those who wait for it: after some failures in a row calls fail at once for
 * a while, then a single one tries whether it is back.
 */
export class Circuit {
  readonly #limits: CircuitLimits;
  #state: CircuitState = 'closed';
  #failures = 0;
  #openedAt = 0;

  constructor(limits: CircuitLimits) {
    this.#limits = limits;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Whether a call may be made now (ms). Every call that was let through must be reported with `answered` or `failed`.
   */
  ask(now: number): boolean {
    if (this.#state === 'open' && now < this.#openedAt + this.#limits.openMs) return false;
    return this.#go('asked');
  }

  /** The server answered, whatever it said. */
  answered(): void {
    this.#failures = 0;
    this.#go('answered');
  }

  /** No answer came, or the server said that it cannot now. */
  failed(now: number): void {
    this.#failures += 1;
    if (this.#state === 'closed' && this.#failures < this.#limits.failures) return;
    if (this.#state !== 'open') this.#openedAt = now;
    this.#go('failed');
  }

  #go(event: Event): boolean {
    const next = NEXT[this.#state][event];
    if (next) this.#state = next;
    return next !== undefined;
  }
}
