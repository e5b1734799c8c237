import { setTimeout } from 'node:timers/promises';

/** Milliseconds until some try again; doubles while they try in vain. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;
/** How many try at once, at most; begins with one and doubles while nobody is refused. */
const MOST_AT_ONCE = 256;

interface Queue {
  /** Whether the outbox refused anybody since the last ones left. */
  isRefused: boolean;
  readonly waiting: (() => void)[];
}

/**
 * Where submissions wait while the outbox of a peer is full. One tries again after a while, then two, then four, so
 * that an outbox that stays full is hardly troubled and one that drains is soon full again.
 */
export class WaitingRoom {
  readonly #signal: AbortSignal;
  readonly #queues = new Map<string, Queue>();

  /** @param signal ends all waiting */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether others wait for this peer: who comes now would try in vain, or before its turn. */
  isTaken(peer: string): boolean {
    return this.#queues.has(peer);
  }

  /**
   * Waits for a turn to try.
   *
   * @throws the reason of the signal when it ends the waiting
   */
  async wait(peer: string): Promise<void> {
    this.#signal.throwIfAborted();
    const { waiting } = this.#queues.get(peer) ?? this.#open(peer);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
    this.#signal.throwIfAborted();
  }

  /** As `wait`, for who tried and was refused. */
  async waitRefused(peer: string): Promise<void> {
    const queue = this.#queues.get(peer);
    if (queue) queue.isRefused = true;
    await this.wait(peer);
  }

  #open(peer: string): Queue {
    const queue: Queue = { isRefused: true, waiting: [] };
    this.#queues.set(peer, queue);
    void this.#serve(peer, queue);
    return queue;
  }

  /** Lets out until nobody was there for a whole turn. */
  async #serve(peer: string, queue: Queue): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    let leaving = 1;
    let isDeserted = false;
    while (!isDeserted && !this.#signal.aborted) {
      await setTimeout(waitMs, undefined, { signal: this.#signal }).catch(() => {});
      waitMs = queue.isRefused ? Math.min(waitMs * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
      leaving = queue.isRefused ? 1 : Math.min(leaving * 2, MOST_AT_ONCE);
      queue.isRefused = false;
      isDeserted = queue.waiting.length === 0;
      for (const leave of queue.waiting.splice(0, leaving)) leave();
    }
    this.#queues.delete(peer);
    for (const leave of queue.waiting.splice(0)) leave();
  }
}
