import type { Clock } from '#trust';
import { BackOff } from './back-off.ts';

/** Conversations held back at once, at most; beyond it nothing new is read for the peer. */
const CAPACITY = 10_000;

interface Hold {
  /** Milliseconds; infinite while something else must happen first. */
  until: number;
  readonly backOff: BackOff;
}

/** Conversations whose next envelope must wait. Others go on. */
export class HeldConversations {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #holds = new Map<string, Hold>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get full(): boolean {
    return this.#holds.size >= CAPACITY;
  }

  has(conversation: string): boolean {
    return this.#holds.has(conversation);
  }

  /** Holds a conversation for its next back-off. */
  defer(conversation: string): void {
    const hold = this.#hold(conversation);
    hold.until = this.#clock.now() + hold.backOff.next();
  }

  /** Holds a conversation until `release`. */
  block(conversation: string): void {
    this.#hold(conversation).until = Number.POSITIVE_INFINITY;
  }

  /** Lets a blocked conversation try at once, keeping its count of failures. */
  release(conversation: string): void {
    const hold = this.#holds.get(conversation);
    if (hold) hold.until = this.#clock.now();
  }

  /** Forgets a conversation that goes on. */
  clear(conversation: string): void {
    this.#holds.delete(conversation);
  }

  /** Forgets all, as after a reconnect. */
  clearAll(): void {
    this.#holds.clear();
  }

  /** Conversations that may try again now. */
  due(): string[] {
    const now = this.#clock.now();
    return [...this.#holds].filter(([, hold]) => hold.until <= now).map(([conversation]) => conversation);
  }

  /** Milliseconds until the next is due; undefined when none waits for time. */
  nextDueIn(): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const { until } of this.#holds.values()) next = Math.min(next, until);
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - this.#clock.now());
  }

  #hold(conversation: string): Hold {
    let hold = this.#holds.get(conversation);
    if (!hold) {
      hold = { until: 0, backOff: new BackOff(100, 60_000, this.#random) };
      this.#holds.set(conversation, hold);
    }
    return hold;
  }
}
