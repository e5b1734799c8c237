import type { Clock } from '#trust';

/** Whether a platform is asked: as ever, not at all, or once to see whether it is back (熔断器). */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerRules {
  /** Failures in a row after which it is left alone. */
  readonly failures: number;
  /** Milliseconds for which it is left alone the first time; doubled after each probe that fails, up to the ceiling. */
  readonly firstRestMs: number;
  readonly ceilingMs: number;
}

export const BREAKER_RULES: BreakerRules = { failures: 5, firstRestMs: 5_000, ceilingMs: 5 * 60_000 };

/** Permission for one question. To be ended once with what became of it. */
export interface Pass {
  /** `unknown` when the question was broken off by whoever asked: that says nothing about the platform. */
  end(outcome: 'answered' | 'failed' | 'unknown'): void;
}

/**
 * Keeps questions from a platform that does not answer, so that whoever asks is told at once. After a rest one question at a
 * time goes through as a probe: the first that is answered closes the circuit.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #rules: BreakerRules;
  #failures = 0;
  /** Rests taken in a row; none while it is closed. */
  #rests = 0;
  #restsUntil = 0;
  #isProbing = false;
  /** Counts how often it opened or closed: what was asked before that says nothing any more. */
  #era = 0;

  constructor(clock: Clock, rules: BreakerRules = BREAKER_RULES) {
    this.#clock = clock;
    this.#rules = rules;
  }

  get state(): BreakerState {
    if (this.#rests === 0) return 'closed';
    return this.#isProbing || this.#left() <= 0 ? 'half-open' : 'open';
  }

  /** @returns undefined when the platform is left alone */
  pass(): Pass | undefined {
    const isProbe = this.#rests > 0;
    if (isProbe && (this.#isProbing || this.#left() > 0)) return undefined;
    if (isProbe) this.#isProbing = true;
    const era = this.#era;
    let hasEnded = false;
    return {
      end: (outcome) => {
        if (hasEnded || era !== this.#era) return;
        hasEnded = true;
        if (isProbe) this.#isProbing = false;
        if (outcome === 'answered') this.#answered();
        if (outcome === 'failed') this.#failed(isProbe);
      },
    };
  }

  /** Milliseconds of rest; a clock that was set back must not make it longer. */
  #left(): number {
    const now = this.#clock.now();
    const longest = now + this.#restMs();
    this.#restsUntil = Math.min(this.#restsUntil, longest);
    return this.#restsUntil - now;
  }

  #answered(): void {
    this.#failures = 0;
    if (this.#rests === 0) return;
    this.#rests = 0;
    this.#era += 1;
  }

  #failed(wasProbe: boolean): void {
    this.#failures += 1;
    if (!wasProbe && this.#failures < this.#rules.failures) return;
    this.#rests += 1;
    this.#era += 1;
    this.#restsUntil = this.#clock.now() + this.#restMs();
  }

  /** Length of the present rest. */
  #restMs(): number {
    const { firstRestMs, ceilingMs } = this.#rules;
    return Math.min(ceilingMs, firstRestMs * 2 ** Math.min(this.#rests - 1, 30));
  }
}
