import type { Store, Transaction } from '../store/store.ts';
import { type AgreementCache, entryOf } from './agreement-cache.ts';
import type { AgreementFiles } from './agreement-files.ts';
import type { AgreementChange, AgreementRecord } from './agreement-record.ts';
import { agreements } from './agreement-table.ts';

const PAGE = 200;

/** Tells the local platforms and the operators about an agreement, inside the unit of work of what happened. */
export interface AgreementNews {
  /** It moved to another state. */
  changed(tx: Transaction, record: AgreementRecord): Promise<void>;
  /** It ends in at most so many days and is not renewed yet. */
  ending(tx: Transaction, record: AgreementRecord, days: number): Promise<void>;
}

/** The table, the cache and the files of the agreements, kept in step: what is committed is in force at once. */
export class AgreementBooks {
  readonly #cache: AgreementCache;
  readonly #files: AgreementFiles | undefined;
  readonly #news: AgreementNews | undefined;

  constructor(cache: AgreementCache, files: AgreementFiles | undefined, news: AgreementNews | undefined) {
    this.#cache = cache;
    this.#files = files;
    this.#news = news;
  }

  /** Fills the cache from the table and writes the files that are missing. */
  async load({ read }: Store): Promise<void> {
    await this.#files?.start();
    for (let after = ''; ; ) {
      const page = await agreements.page(read, after, PAGE);
      for (const record of page) {
        this.#cache.put(entryOf(record));
        if (record.activated_at !== null) await this.#files?.putMissing(record.id, record.document);
      }
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  /** Adds a proposal. */
  async open(tx: Transaction, record: AgreementRecord): Promise<void> {
    await agreements.insert(tx, record);
    await this.#follow(tx, record, true);
  }

  /** @param at milliseconds */
  async change(tx: Transaction, record: AgreementRecord, change: AgreementChange, at: number): Promise<void> {
    const changed = { ...record, ...change, updated_at: at };
    await agreements.update(tx, changed);
    await this.#follow(tx, changed, changed.state !== record.state);
    if (record.activated_at === null && changed.activated_at !== null) {
      tx.afterCommit(() => this.#files?.put(changed.id, changed.document));
    }
  }

  /** Says that an agreement ends soon. @param at milliseconds */
  async warn(tx: Transaction, record: AgreementRecord, days: number, at: number): Promise<void> {
    await agreements.update(tx, { ...record, warned_days: days, updated_at: at });
    await this.#news?.ending(tx, record, days);
  }

  /** Waits for the files. */
  async idle(): Promise<void> {
    await this.#files?.idle();
  }

  async #follow(tx: Transaction, record: AgreementRecord, moved: boolean): Promise<void> {
    const entry = entryOf(record);
    tx.afterCommit(() => this.#cache.put(entry));
    if (moved) await this.#news?.changed(tx, record);
  }
}
