import { setTimeout } from 'node:timers/promises';

/** Milliseconds until there is another look for room; doubles while there is none. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

interface Queue {
  /** How many envelopes the outbox held when it was full. */
  full: number;
  readonly waiting: (() => void)[];
}

/**
 * Where submissions wait while the outbox of a peer is full. About as many leave at once as there is room for, so that
 * few try in vain.
 */
export class WaitingRoom {
  readonly #pending: (peer: string) => number;
  readonly #signal: AbortSignal;
  readonly #queues = new Map<string, Queue>();

  /**
   * @param pending how many envelopes the outbox holds for a peer
   * @param signal ends all waiting
   */
  constructor(pending: (peer: string) => number, signal: AbortSignal) {
    this.#pending = pending;
    this.#signal = signal;
  }

  /** Whether others wait for this peer: who comes now would try in vain, or before its turn. */
  isTaken(peer: string): boolean {
    return this.#queues.has(peer);
  }

  /**
   * Waits until there may be room. The caller tries then, and comes back when there was none.
   *
   * @throws the reason of the signal when it ends the waiting
   */
  async wait(peer: string): Promise<void> {
    this.#signal.throwIfAborted();
    const queue = this.#queues.get(peer) ?? this.#open(peer);
    queue.full = Math.max(queue.full, this.#pending(peer));
    await new Promise<void>((resolve) => {
      queue.waiting.push(resolve);
    });
    this.#signal.throwIfAborted();
  }

  #open(peer: string): Queue {
    const queue: Queue = { full: 0, waiting: [] };
    this.#queues.set(peer, queue);
    void this.#serve(peer, queue);
    return queue;
  }

  /** Lets out until nobody came for a whole turn. One always tries, so that a wrong guess of what is full ends. */
  async #serve(peer: string, queue: Queue): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    let isDeserted = false;
    while (!isDeserted && !this.#signal.aborted) {
      await setTimeout(waitMs, undefined, { signal: this.#signal }).catch(() => {});
      const room = queue.full - this.#pending(peer);
      waitMs = room > 0 ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      isDeserted = queue.waiting.length === 0;
      const leaving = this.#signal.aborted ? queue.waiting.length : Math.max(room, 1);
      for (const leave of queue.waiting.splice(0, leaving)) leave();
    }
    this.#queues.delete(peer);
  }
}
