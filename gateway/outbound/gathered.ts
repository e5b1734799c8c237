import { LIMITS } from '#proto';
import type { PendingEnvelope } from './outbox.ts';

/** A batch while it is gathered, within the limits of the wire. */
export class Gathered {
  readonly envelopes: PendingEnvelope[] = [];
  #bytes = 0;
  full = false;
  readonly #most: number;

  /** @param most envelopes */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns false, and the batch is full, when the envelope does not fit */
  add(envelope: PendingEnvelope): boolean {
    const bytes = envelope.header.length + envelope.payload.length + 64;
    const fits = this.envelopes.length === 0 || this.#bytes + bytes <= LIMITS.batchBytes;
    if (!fits || this.envelopes.length >= this.#most) {
      this.full = true;
      return false;
    }
    this.envelopes.push(envelope);
    this.#bytes += bytes;
    return true;
  }
}
