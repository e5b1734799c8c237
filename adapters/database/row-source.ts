import { ERROR_CODES } from '#proto';
import {
  type AdapterContext,
  PlatformError,
  type Submission,
  type SubmissionOutcome,
  type SubmissionSource,
  type Submit,
  type TakenOutcome,
} from '../adapter.ts';
import { Lanes } from '../lanes.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type OpenFile, understand } from '../mapping/understand.ts';
import { backOff, PAUSING } from '../outcomes.ts';
import { Pause } from '../pause.ts';
import { Holds } from './holds.ts';
import { TableUnfit } from './tables.ts';
import type { RowEnd, RowFeed, Settled, TakenRow } from './taken-row.ts';

const DEFAULT_POLL_MS = 2_000;
const DEFAULT_AT_ONCE = 16;
const FIRST_BACKOFF_MS = 500;
/** Ends that the database was not told yet; beyond it nothing more is taken. */
const MAX_UNTOLD = 1_000;
/** Of those, told at once. */
const MAX_TOLD = 500;

export interface RowSourceOptions {
  /** What the operator calls the platform. */
  readonly name: string;
  readonly mapping: Mapping;
  readonly open: OpenFile;
  readonly log: AdapterContext['log'];
  readonly pollMs: number | null | undefined;
  readonly atOnce: number | null | undefined;
  /** A failure of the database as the log may have it. */
  readonly forLog: (error: unknown) => Error;
  /** Whether a failure of the database is the fault of what it was to write, and the same will fail again. */
  readonly isFinal: (error: unknown) => boolean;
  /** Called after a failure of the database. */
  readonly onFailure: () => void;
}

/**
 * Hands in the rows of a database: those of one case one after another, different cases side by side. A database that is
 * away is waited for, also at the start.
 */
export class RowSource implements SubmissionSource {
  readonly #feed: RowFeed;
  readonly #options: RowSourceOptions;
  readonly #pollMs: number;
  readonly #lanes: Lanes;
  readonly #holds = new Holds();
  readonly #stopping = new AbortController();
  readonly #pause = new Pause(this.#stopping.signal);
  readonly #untold: Settled[] = [];
  #telling: Promise<boolean> | undefined;
  #pausedUntil: Promise<void> | undefined;
  #isLost = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(feed: RowFeed, options: RowSourceOptions) {
    this.#feed = feed;
    this.#options = options;
    this.#pollMs = options.pollMs ?? DEFAULT_POLL_MS;
    this.#lanes = new Lanes(options.atOnce ?? DEFAULT_AT_ONCE);
  }

  async start(submit: Submit): Promise<void> {
    this.#running = this.#run(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#lanes.idle();
    await this.#telling;
    // Rows whose end is not told are taken again after the next start, to no effect.
    if (this.#untold.length > 0) await this.#feed.settle(this.#untold.splice(0)).catch(() => {});
  }

  again(key: string, document: unknown): Promise<Submission> {
    const { mapping, open } = this.#options;
    return understand(key, document, mapping, open);
  }

  async told(key: string, document: unknown, { conversation, caseNumber }: TakenOutcome): Promise<void> {
    try {
      await this.#feed.mend?.(key, document, { as: 'done', conversation, caseNumber });
    } catch (error) {
      throw this.#options.forLog(error);
    }
  }

  async #run(submit: Submit): Promise<void> {
    if (!(await this.#untilDone(() => this.#feed.open()))) return;
    const keeping = this.#keep();
    while (!this.#stopping.signal.aborted) {
      await this.#pausedUntil;
      if (this.#untold.length > MAX_UNTOLD) await this.#telling;
      let rows: TakenRow[] = [];
      await this.#untilDone(async () => {
        rows = await this.#feed.take();
      });
      for (const row of rows) await this.#lanes.add(row.lane, () => this.#handle(row, submit));
      if (rows.length === 0) await this.#pause.wait(this.#pollMs);
    }
    await keeping;
  }

  async #keep(): Promise<void> {
    while (await this.#pause.wait(this.#feed.keepMs)) await this.#feed.keep().catch((error) => this.#lost(error));
  }

  /** Tries until it works. @returns false when the source was stopped before */
  async #untilDone(work: () => Promise<void>): Promise<boolean> {
    for (let tries = 0; !this.#stopping.signal.aborted; tries += 1) {
      try {
        await work();
        this.#isLost = false;
        return true;
      } catch (error) {
        this.#lost(error);
        await this.#pause.wait(backOff(FIRST_BACKOFF_MS, tries));
      }
    }
    return false;
  }

  /** Says it once until it works again. */
  #lost(error: unknown): void {
    this.#options.onFailure();
    if (this.#isLost || this.#stopping.signal.aborted) return;
    this.#isLost = true;
    const fields = { adapter: this.#options.name, err: this.#options.forLog(error) };
    if (error instanceof TableUnfit)
      this.#options.log.error(
        fields,
        'a table lacks what the configuration names; compare it with adapters/database/ddl',
      );
    else this.#options.log.warn(fields, 'the database of the platform does not answer as it should; it is tried again');
  }

  async #handle(row: TakenRow, submit: Submit): Promise<void> {
    const end = await this.#endOf(row, submit);
    if (end.as !== 'later') this.#holds.release(row.lane, row.id);
    this.#untold.push({ id: row.id, end });
    this.#tellSoon();
  }

  async #endOf({ id, key, lane, document, problems }: TakenRow, submit: Submit): Promise<RowEnd> {
    if (this.#stopping.signal.aborted) return { as: 'later', delayMs: 0, code: '' };
    if (this.#holds.blocks(lane, id))
      return { as: 'later', delayMs: backOff(this.#pollMs, this.#holds.tries(lane) - 1), code: '' };
    if (this.#pausedUntil) return this.#later(lane, id, 'BACK_PRESSURE');
    const outcome = await this.#outcome(key, document, problems, submit);
    if (outcome.ok) return { as: 'done', conversation: outcome.conversation, caseNumber: outcome.caseNumber };
    if (!ERROR_CODES[outcome.code].retryable) return { as: 'failed', ...outcome };
    if (this.#stopping.signal.aborted) return { as: 'later', delayMs: 0, code: outcome.code };
    if (PAUSING.has(outcome.code) || this.#holds.isFull) this.#pauseAll();
    this.#options.log.warn(
      { adapter: this.#options.name, code: outcome.code },
      'a row was not taken and will be tried again',
    );
    return this.#later(lane, id, outcome.code);
  }

  /** What throws is retryable, unless it says otherwise. */
  async #outcome(
    key: string,
    document: unknown,
    problems: TakenRow['problems'],
    submit: Submit,
  ): Promise<SubmissionOutcome> {
    const { mapping, open } = this.#options;
    try {
      const submission =
        problems.length > 0 ? { key, document, wishes: [], problems } : await understand(key, document, mapping, open);
      return await submit(submission, this.#stopping.signal);
    } catch (error) {
      const isFinal = error instanceof PlatformError && !error.retryable;
      const message = isFinal ? error.message : '';
      return { ok: false, code: isFinal ? error.code : 'INTERNAL', message, problems: [] };
    }
  }

  #later(lane: string, id: string, code: string): RowEnd {
    return { as: 'later', delayMs: backOff(this.#pollMs, this.#holds.fail(lane, id) - 1), code };
  }

  #pauseAll(): void {
    this.#pausedUntil ??= this.#pause.wait(this.#pollMs).then(() => {
      this.#pausedUntil = undefined;
    });
  }

  /** Ends that come while others are told are told together, next. */
  #tellSoon(): void {
    this.#telling ??= this.#untilDone(async () => {
      while (this.#untold.length > 0) {
        const ends = this.#untold.slice(0, MAX_TOLD);
        await this.#settle(ends);
        this.#untold.splice(0, ends.length);
      }
      // At once, so that no end comes between the last look and this.
      this.#telling = undefined;
    });
  }

  /** An end that its row refuses, by a check or a trigger of the platform, must keep no other back. */
  async #settle(ends: readonly Settled[]): Promise<void> {
    try {
      await this.#feed.settle(ends);
    } catch (error) {
      if (!this.#options.isFinal(error)) throw error;
      if (ends.length > 1) for (const end of ends) await this.#settle([end]);
      else
        this.#options.log.error(
          { adapter: this.#options.name, err: this.#options.forLog(error) },
          'a row refuses what became of it and stays claimed; look for a check or a trigger of its table',
        );
    }
  }
}
