import { PlatformError } from '#adapters';
import type { Clock } from '#trust';
import type { Metrics } from '../telemetry/metrics.ts';
import { Breaker, type BreakerRules } from './breaker.ts';

/** Questions to one platform at once; whoever asks one more is told at once that there is no answer. */
export const QUESTIONS_AT_ONCE = 32;

interface Asked {
  readonly breaker: Breaker;
  underWay: number;
}

/**
 * Asks the platforms of the own region. One that does not answer is left alone for a while, and one that is slow holds no
 * more than its share: either way whoever asks learns soon that there is no answer, and does without.
 */
export class Questions {
  readonly #clock: Clock;
  readonly #metrics: Pick<Metrics, 'asked' | 'watchBreakers'>;
  readonly #rules: BreakerRules | undefined;
  readonly #platforms = new Map<string, Asked>();

  constructor(options: {
    readonly clock: Clock;
    readonly metrics: Pick<Metrics, 'asked' | 'watchBreakers'>;
    readonly rules?: BreakerRules;
  }) {
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#rules = options.rules;
    options.metrics.watchBreakers(() =>
      [...this.#platforms].map(([adapter, { breaker }]) => ({ adapter, state: breaker.state })),
    );
  }

  /**
   * @param adapter name that the configuration gives to the platform
   * @param signal of whoever asks
   * @throws PlatformError retryable without a question when the platform is left alone or has too many; else what `ask` throws
   */
  async ask<T>(adapter: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const platform = this.#platform(adapter);
    const pass = platform.underWay < QUESTIONS_AT_ONCE ? platform.breaker.pass() : undefined;
    if (!pass) {
      this.#metrics.asked(adapter, 'skipped');
      throw new PlatformError(
        true,
        `the platform ${adapter} is not asked now: it does not answer, or has too many questions`,
      );
    }
    platform.underWay += 1;
    try {
      const answer = await ask();
      pass.end('answered');
      this.#metrics.asked(adapter, 'answered');
      return answer;
    } catch (error) {
      const isRefusal = error instanceof PlatformError && !error.retryable;
      // A platform that says no is there.
      pass.end(isRefusal ? 'answered' : wasBrokenOff(signal) ? 'unknown' : 'failed');
      this.#metrics.asked(adapter, isRefusal ? 'refused' : 'failed');
      throw error;
    } finally {
      platform.underWay -= 1;
    }
  }

  /** Whether a question would go through now, as far as that can be said. */
  isAnswering(adapter: string): boolean {
    return this.#platform(adapter).breaker.state === 'closed';
  }

  #platform(adapter: string): Asked {
    const known = this.#platforms.get(adapter);
    if (known) return known;
    const platform = { breaker: new Breaker(this.#clock, this.#rules), underWay: 0 };
    this.#platforms.set(adapter, platform);
    return platform;
  }
}

/** Whoever asked lost interest. That its time ran out is the platform's doing. */
function wasBrokenOff(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error | undefined)?.name !== 'TimeoutError';
}
