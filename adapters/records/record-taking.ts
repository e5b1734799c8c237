import { CodedError, ERROR_CODES } from '#proto';
import type { AdapterContext, Submission, SubmissionOutcome, Submit } from '../adapter.ts';
import { Lanes } from '../lanes.ts';
import { backOff, outcomeOf, PAUSING } from '../outcomes.ts';
import { Pause } from '../pause.ts';

/** Wait before another try, in ms. */
const DEFAULT_RETRY_MS = 2_000;

export interface RecordTakingOptions {
  /** What the operator calls the platform. */
  readonly platform: string;
  /** Records in hand: under way, or waiting for those of the same case or for another try. */
  readonly atOnce: number;
  /** Wait before another try, in ms, doubled each time up to a minute. */
  readonly retryMs: number | null | undefined;
  readonly log: AdapterContext['log'];
  /** Aborted when the source stops: what is under way ends as soon as it can. */
  readonly stopping: AbortSignal;
}

/** A record that a queue keeps until we let go of it. */
export interface HeldRecord {
  readonly submission: Submission;
  /** What records of its case have in common. */
  readonly lane: string;
  /** Aborted when what brought it is lost, or the source stops: it comes again, and no try begins any more. */
  readonly signal: AbortSignal;
  /** Whether it is still ours to decide. Always, where it is absent. */
  isOurs?(): boolean;
  /** Tells the platform what became of it. @throws when it has to be told again */
  tell(outcome: SubmissionOutcome, signal: AbortSignal): Promise<void>;
  /** Lets go of it for good. Must not throw. */
  end(): void;
}

/**
 * Hands in the records of queues: those of one case one after another, different cases side by side. A record has its end
 * after its final outcome, of which the platform was told; until then it is tried again in its lane.
 */
export class RecordTaking {
  readonly #options: RecordTakingOptions;
  readonly #retryMs: number;
  readonly #lanes: Lanes;
  readonly #pause: Pause;
  #pausedUntil: Promise<unknown> | undefined;

  constructor(options: RecordTakingOptions) {
    this.#options = options;
    this.#retryMs = options.retryMs ?? DEFAULT_RETRY_MS;
    this.#lanes = new Lanes(options.atOnce);
    this.#pause = new Pause(options.stopping);
  }

  /** Puts a record into its lane; waits while too many are in hand. To be called by one caller, who waits. */
  async take(record: HeldRecord, submit: Submit): Promise<void> {
    await this.#lanes.add(record.lane, () => this.#handle(record, submit));
  }

  /** Resolves when no record is in hand. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  /** Tries until the record has its end, or will come again. */
  async #handle(record: HeldRecord, submit: Submit): Promise<void> {
    const { signal } = record;
    const pause = new Pause(signal);
    for (let tries = 0; ; tries += 1) {
      await this.#pausedUntil;
      if (signal.aborted || record.isOurs?.() === false) return;
      const code = await this.#attempt(record, submit);
      if (code === undefined) {
        record.end();
        return;
      }
      if (signal.aborted) return;
      if (PAUSING.has(code)) this.#pauseAll();
      const { platform: adapter, log } = this.#options;
      log.warn({ adapter, code }, 'a record has no end yet and will be tried again');
      await pause.wait(backOff(this.#retryMs, tries));
    }
  }

  /**
   * What is under way goes on when what brought the record is lost.
   *
   * @returns why it has to be tried again; undefined when the record has its end and the platform was told
   */
  async #attempt(record: HeldRecord, submit: Submit): Promise<string | undefined> {
    const { stopping } = this.#options;
    try {
      const outcome = await outcomeOf(record.submission, submit, stopping);
      if (!outcome.ok && ERROR_CODES[outcome.code].retryable) return outcome.code;
      await record.tell(outcome, stopping);
      return undefined;
    } catch (error) {
      return error instanceof CodedError ? error.code : 'INTERNAL';
    }
  }

  #pauseAll(): void {
    this.#pausedUntil ??= this.#pause.wait(this.#retryMs).then(() => {
      this.#pausedUntil = undefined;
    });
  }
}
