import { setTimeout } from 'node:timers/promises';
import { SEAL_LIMITS, SealError, type SealedDocument, type SealRequest, type SealService } from '#adapters';
import { Circuit, type Clock, Turns } from '#trust';

export interface PatientSealOptions {
  readonly service: SealService;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Attempts of one request, the first included. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt; before the third it is twice as long. */
const FIRST_WAIT_MS = 500;
/** Milliseconds that a request may take with all its attempts: somebody waits at a window. */
const ALL_MS = 60_000;
const TURNS = { atOnce: 4, waiting: 64 } as const;
const CIRCUIT = { failures: 5, openMs: 10_000 } as const;

/**
 * A service of others, used with care: few documents at a time, again with the same id after a failure that may pass, and
 * not at all for a while when it did not answer several times in a row.
 */
export class PatientSeals implements SealService {
  readonly #options: PatientSealOptions;
  readonly #turns = new Turns(TURNS, () => new SealError('unavailable', 'too many documents wait for their seal'));
  readonly #circuit = new Circuit(CIRCUIT);

  constructor(options: PatientSealOptions) {
    this.#options = options;
  }

  /** @throws SealError */
  async seal(request: SealRequest, signal: AbortSignal): Promise<SealedDocument> {
    if (request.document.length > SEAL_LIMITS.documentBytes)
      throw new SealError('refused', `documents of more than ${SEAL_LIMITS.documentBytes} bytes are not sealed`);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ALL_MS)]);
    return this.#turns.run(() => this.#persist(request, limit));
  }

  /** Asks once and whatever happened before: it is there to find out. */
  seals(signal: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#options.service.seals(signal);
  }

  close(): Promise<void> {
    return this.#options.service.close();
  }

  async #persist(request: SealRequest, signal: AbortSignal): Promise<SealedDocument> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(request, signal);
      if (!(outcome instanceof SealError)) return outcome;
      const passing = outcome.fault === 'unavailable' && this.#circuit.state === 'closed' && !signal.aborted;
      if (!passing || attempt === ATTEMPTS) throw outcome;
      await setTimeout(FIRST_WAIT_MS * attempt * (0.5 + this.#options.random() / 2));
    }
  }

  async #attempt(request: SealRequest, signal: AbortSignal): Promise<SealedDocument | SealError> {
    const { service, clock } = this.#options;
    if (!this.#circuit.ask(clock.now()))
      return new SealError('unavailable', 'the seal service did not answer lately; it is asked again in some seconds');
    try {
      const sealed = await service.seal(request, signal);
      this.#circuit.answered();
      return sealed;
    } catch (error) {
      if (error instanceof SealError && error.fault !== 'unavailable') this.#circuit.answered();
      else this.#circuit.failed(clock.now());
      if (error instanceof SealError) return error;
      throw error;
    }
  }
}
