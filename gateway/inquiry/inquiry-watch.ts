import type { RetentionConfig } from '../config/retention-config.ts';
import type { Store, Transaction } from '../store/store.ts';
import { erasePayloads, owedErasures, pastRetention, scrubInquiry } from './inquiry-erasure.ts';
import { type EmitInquiryNews, inquiryNewsOf } from './inquiry-news.ts';
import { type DueReply, inquiryTable } from './inquiry-table.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 30_000;
/** Milliseconds before what could not be told is tried again. */
const RETRY_MS = 60_000;
/** Milliseconds between being asked to erase and beginning: what comes together is done together. */
const PAUSE_MS = 100;
/** Milliseconds between two looks for inquiries that were kept long enough. */
const DAY_MS = 24 * 60 * 60 * 1000;
/** Inquiries read at once. */
const BATCH = 100;

export interface InquiryWatchOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly retention: RetentionConfig;
  readonly emit: EmitInquiryNews;
  /** The answer to an inquiry is overdue: for the log. */
  readonly onOverdue: (conversation: string) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Watches when answers are due (答复期限): warns before, and says once that one is overdue. It also erases what was kept long
 * enough or was taken back. What is due and what is owed stands in the store, so that a restart forgets nothing, and whoever
 * tells it first takes it, so that it is told once.
 */
export class InquiryWatch {
  readonly #options: InquiryWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  /** The last run may have ended before the database's log was written back. */
  #owesPurge = true;

  constructor(options: InquiryWatchOptions) {
    this.#options = options;
  }

  /** Looks now and then twice a minute. */
  async start(): Promise<void> {
    await this.look();
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Waits for what is under way; the next start goes on with the rest. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    await this.#running;
  }

  /** There may be something to erase. */
  wake(): void {
    if (this.#pause || this.#isStopped) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      void this.look();
    }, PAUSE_MS);
    this.#pause.unref();
  }

  /** Tells and erases everything whose time has come. One look at a time. */
  look(): Promise<void> {
    this.#running = this.#running.then(() => this.#look()).catch(this.#options.onError);
    return this.#running;
  }

  async #look(): Promise<void> {
    await this.#tellDue();
    await this.#findOld();
    await this.#eraseOwed();
  }

  async #tellDue(): Promise<void> {
    const { store, now } = this.#options;
    for (;;) {
      const due = await inquiryTable.due(store.read, now(), BATCH);
      for (const one of due) await this.#tellSafely(one);
      if (due.length < BATCH) return;
    }
  }

  /** One that cannot be told now waits, and keeps no other from being told. */
  async #tellSafely(due: DueReply): Promise<void> {
    const { store, now, onError } = this.#options;
    try {
      await store.write((tx) => this.#tell(tx, due));
    } catch (error) {
      onError(error);
      await store.write((tx) => inquiryTable.defer(tx, due, now() + RETRY_MS));
    }
  }

  async #tell(tx: Transaction, due: DueReply): Promise<void> {
    const { now, emit, onOverdue } = this.#options;
    if (!(await inquiryTable.told(tx, due))) return;
    const { conversation, stage } = due;
    const inquiry = (await inquiryTable.find(tx, conversation))!;
    await emit(tx, inquiryNewsOf(inquiry, stage, now()));
    if (stage === 'reply-overdue') tx.afterCommit(() => onOverdue(conversation));
  }

  async #findOld(): Promise<void> {
    const { store, now, retention } = this.#options;
    const at = now();
    if (at - this.#lookedAt < DAY_MS) return;
    for await (const conversations of pastRetention(store.read, retention, at, BATCH))
      await store.write(async (tx) => {
        for (const conversation of conversations) {
          const inquiry = await inquiryTable.find(tx, conversation);
          if (inquiry?.erasedAt === undefined) await scrubInquiry(tx, inquiry!, at);
        }
      });
    this.#lookedAt = at;
  }

  async #eraseOwed(): Promise<void> {
    const { store } = this.#options;
    let after = '';
    for (;;) {
      const page = await owedErasures(store.read, after, BATCH);
      for (const conversation of page)
        if (await store.write((tx) => erasePayloads(tx, conversation))) this.#owesPurge = true;
      if (page.length < BATCH) break;
      after = page.at(-1)!;
    }
    if (this.#owesPurge) this.#owesPurge = !(await store.purge());
  }
}
