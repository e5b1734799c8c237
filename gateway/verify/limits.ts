import { CodedError } from '#proto';
import type { Clock } from '#trust';
import { callerOf } from '../door/caller.ts';

const MINUTE_MS = 60_000;
/** How often the limit of one address all addresses together may verify. */
const ADDRESSES = 20;
/** References that do not exist, and questions to other regions: one in so many verifications of an address. */
const SHARE = 6;
/** Callers that are counted at once; beyond it the one that was quiet for longest is forgotten. */
const COUNTED = 10_000;

/** Too many questions in a minute. */
export class TooOften extends CodedError {
  /** Milliseconds until the next one is taken. */
  readonly waitMs: number;

  constructor(waitMs: number) {
    super('BACK_PRESSURE', 'too many verifications in a minute; wait and try again');
    this.waitMs = waitMs;
  }
}

/** How often strangers may ask: each of them, and all together. Nothing of them is kept but a count for a minute. */
export class PublicLimits {
  readonly #each: RateWindow;
  readonly #all: RateWindow;
  readonly #misses: RateWindow;
  readonly #asked: RateWindow;
  readonly #allAsked: RateWindow;

  constructor(clock: Clock, ratePerMinute: number) {
    const share = Math.max(1, Math.floor(ratePerMinute / SHARE));
    this.#each = new RateWindow(clock, ratePerMinute);
    this.#all = new RateWindow(clock, ratePerMinute * ADDRESSES);
    this.#misses = new RateWindow(clock, share);
    this.#asked = new RateWindow(clock, share);
    this.#allAsked = new RateWindow(clock, ratePerMinute);
  }

  /** Counts a verification. @throws TooOften */
  admit(address: string): void {
    const caller = callerOf(address);
    demandNoWait(this.#each.waitMs(caller), this.#all.waitMs(''));
    this.#each.count(caller);
    this.#all.count('');
  }

  /**
   * Lets nobody look up references, here or elsewhere, who guessed too many. Each counts as a miss until it is found: many at once are no
   * way around the limit.
   *
   * @throws TooOften
   */
  admitLookUp(address: string): void {
    const caller = callerOf(address);
    demandNoWait(this.#misses.waitMs(caller));
    this.#misses.count(caller);
  }

  /** The last look-up was no miss: its reference exists, or nobody could say. */
  found(address: string): void {
    this.#misses.forgive(callerOf(address));
  }

  /**
   * Counts a question to another region: it is signed and kept on both sides. Nobody can spend those of all others.
   *
   * @throws TooOften
   */
  admitQuestion(address: string): void {
    const caller = callerOf(address);
    demandNoWait(this.#asked.waitMs(caller), this.#allAsked.waitMs(''));
    this.#asked.count(caller);
    this.#allAsked.count('');
  }
}

/** Counts in windows of a minute, for a bounded number of callers. */
class RateWindow {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #windows = new Map<string, { readonly since: number; count: number }>();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Milliseconds until one more is within the limit; 0: now. */
  waitMs(caller: string): number {
    const window = this.#current(caller);
    return window && window.count >= this.#max ? window.since + MINUTE_MS - this.#clock.now() : 0;
  }

  count(caller: string): void {
    const window = this.#current(caller) ?? { since: this.#clock.now(), count: 0 };
    window.count += 1;
    // The last one of the map is the one that was counted last.
    this.#windows.delete(caller);
    this.#windows.set(caller, window);
    if (this.#windows.size > COUNTED) this.#windows.delete(this.#windows.keys().next().value!);
  }

  forgive(caller: string): void {
    const window = this.#current(caller);
    if (window) window.count -= 1;
  }

  #current(caller: string) {
    const window = this.#windows.get(caller);
    const age = window ? this.#clock.now() - window.since : MINUTE_MS;
    // A clock that was set back must not lock anybody out for longer than a minute.
    return age >= 0 && age < MINUTE_MS ? window : undefined;
  }
}

function demandNoWait(...waits: readonly number[]): void {
  const waitMs = Math.max(...waits);
  if (waitMs > 0) throw new TooOften(waitMs);
}
