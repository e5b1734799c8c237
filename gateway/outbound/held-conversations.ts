import type { Clock } from '#trust';
import { BackOff } from './back-off.ts';

/** Conversations held back at once, at most; beyond it nothing new is read for the peer. */
export const HELD_CONVERSATIONS = 10_000;

/** Conversations whose next envelope must wait. Others go on. */
export class HeldConversations {
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Until when, in milliseconds; infinite while something else must happen first. */
  readonly #holds = new Map<string, number>();
  /** Outlives the hold: what is tried again and fails again waits longer. */
  readonly #backOffs = new Map<string, BackOff>();
  /** Milliseconds: the latest look at the clock. */
  #looked = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  get full(): boolean {
    return this.#holds.size >= HELD_CONVERSATIONS;
  }

  has(conversation: string): boolean {
    return this.#holds.has(conversation);
  }

  /** Holds a conversation for its next back-off. */
  defer(conversation: string): void {
    this.#holds.set(conversation, this.#now() + this.#backOff(conversation).next());
  }

  /** Holds a conversation until a moment. @param until milliseconds */
  holdUntil(conversation: string, until: number): void {
    this.#holds.set(conversation, until);
  }

  /** Holds a conversation until `release`. */
  block(conversation: string): void {
    this.#holds.set(conversation, Number.POSITIVE_INFINITY);
  }

  /** Lets a blocked conversation try at once, keeping its count of failures. */
  release(conversation: string): void {
    if (this.#holds.has(conversation)) this.recall(conversation);
  }

  /** Lets a conversation try at once, from its first envelope on. */
  recall(conversation: string): void {
    this.#holds.set(conversation, this.#now());
  }

  /** Lets go of a conversation that is tried again; should it fail again, it waits longer. */
  clear(conversation: string): void {
    this.#holds.delete(conversation);
  }

  /** The peer took an envelope of a conversation: its failures are over. */
  succeeded(conversation: string): void {
    this.#backOffs.delete(conversation);
  }

  /** How often a conversation failed in a row. */
  failures(conversation: string): number {
    return this.#backOffs.get(conversation)?.failures ?? 0;
  }

  /** Forgets all, as after a reconnect. */
  clearAll(): void {
    this.#holds.clear();
    this.#backOffs.clear();
  }

  /** Conversations that may try again now. */
  due(): string[] {
    const now = this.#now();
    return [...this.#holds].filter(([, until]) => until <= now).map(([conversation]) => conversation);
  }

  /** Milliseconds until the next is due; undefined when none waits for time. */
  nextDueIn(): number | undefined {
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const until of this.#holds.values()) next = Math.min(next, until);
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - now);
  }

  /** A clock that is set back takes the holds with it: else they would last as long as it was ahead. */
  #now(): number {
    const now = this.#clock.now();
    const back = this.#looked - now;
    this.#looked = now;
    if (back > 0) for (const [conversation, until] of this.#holds) this.#holds.set(conversation, until - back);
    return now;
  }

  #backOff(conversation: string): BackOff {
    const backOff = this.#backOffs.get(conversation) ?? new BackOff(100, 60_000, this.#random);
    // The newest is the last: what was forgotten begins with a short wait again.
    this.#backOffs.delete(conversation);
    this.#backOffs.set(conversation, backOff);
    if (this.#backOffs.size > HELD_CONVERSATIONS) this.#backOffs.delete(this.#backOffs.keys().next().value!);
    return backOff;
  }
}
