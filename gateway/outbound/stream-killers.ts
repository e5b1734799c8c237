import type { Clock } from '#trust';
import type { Flight } from './flight.ts';
import type { PendingEnvelope } from './outbox.ts';

/** Streams in a row that ended with batches unanswered before envelopes go one by one. */
const LOSSES = 3;
/** Streams in a row that ended with one envelope alone under way before that envelope is taken for the cause. */
const ALONE = 3;
/** Milliseconds before such an envelope may end another stream, doubled each time up to the most. */
const REST_MS = { first: 60_000, most: 60 * 60_000 } as const;
/** Envelopes taken for the end of a stream at once, at most; the oldest is given another chance. */
export const KILLERS = 1_000;

interface Killer {
  readonly position: number;
  readonly streams: number;
  /** Milliseconds. */
  readonly until: number;
}

/**
 * Finds the envelope by which a peer loses the stream instead of answering: a fault of the peer that no refusal names.
 * After some streams that ended with batches unanswered their envelopes travel one by one; the one that ends a stream
 * alone, again and again, rests for longer and longer, and everybody else's go their way.
 */
export class StreamKillers {
  readonly #clock: Clock;
  #losses = 0;
  /** Positions that were under way when a stream ended, and how often alone. */
  #suspects = new Map<number, number>();
  /** By conversation. */
  readonly #killers = new Map<string, Killer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether envelopes go one by one. */
  get isCareful(): boolean {
    return this.#losses >= LOSSES && this.#suspects.size > 0;
  }

  /** Until when the next envelope of a conversation rests, milliseconds; undefined when it is not one of these. */
  restOf(conversation: string): number | undefined {
    return this.#killers.get(conversation)?.until;
  }

  /**
   * A stream ended that the peer had greeted.
   *
   * @param flights batches without an answer
   * @returns the envelope that is taken for the cause, now or once more
   */
  lost(flights: Iterable<Flight>): PendingEnvelope | undefined {
    const envelopes = [...flights].flatMap((flight) => flight.envelopes);
    const [only, second] = envelopes;
    if (!only) return undefined;
    this.#losses += 1;
    if (second) {
      this.#suspects = new Map(envelopes.map(({ position }) => [position, this.#suspects.get(position) ?? 0]));
      return undefined;
    }
    const alone = (this.#suspects.get(only.position) ?? 0) + 1;
    const known = this.#killers.get(only.conversation);
    if (known?.position !== only.position && alone < ALONE) {
      this.#suspects.set(only.position, alone);
      return undefined;
    }
    this.#suspects.delete(only.position);
    this.#blame(only, (known?.streams ?? 0) + 1);
    return only;
  }

  /** The peer answered these, whatever it said: of their conversations nothing else can have come first. */
  answered(envelopes: readonly PendingEnvelope[]): void {
    for (const { position, conversation } of envelopes) {
      this.#suspects.delete(position);
      // What was dropped has a Skip in its place, with another position.
      this.#killers.delete(conversation);
    }
    if (this.#suspects.size === 0) this.#losses = 0;
  }

  /** Lets the envelope of a conversation try at once, still alone. */
  pardon(conversation: string): void {
    const killer = this.#killers.get(conversation);
    if (killer) this.#killers.set(conversation, { ...killer, until: this.#clock.now() });
  }

  /** Nothing is left to send: whoever was suspected has gone another way. */
  idle(): void {
    this.#suspects.clear();
    this.#losses = 0;
  }

  #blame({ conversation, position }: PendingEnvelope, streams: number): void {
    const rest = Math.min(REST_MS.first * 2 ** (streams - 1), REST_MS.most);
    this.#killers.delete(conversation);
    this.#killers.set(conversation, { position, streams, until: this.#clock.now() + rest });
    if (this.#killers.size > KILLERS) this.#killers.delete(this.#killers.keys().next().value!);
  }
}
