import type { Store, Transaction } from '../store/store.ts';
import { type AgreementCache, entryOf } from './agreement-cache.ts';
import type { AgreementFiles } from './agreement-files.ts';
import { type AgreementChange, type AgreementRecord, agreements } from './agreement-table.ts';

const PAGE = 200;

/** Tells the local platforms that an agreement moved, inside the unit of work that moved it. */
export type AnnounceAgreement = (tx: Transaction, record: AgreementRecord) => Promise<void>;

/** The table, the cache and the files of the agreements, kept in step: what is committed is in force at once. */
export class AgreementBooks {
  readonly #cache: AgreementCache;
  readonly #files: AgreementFiles | undefined;
  readonly #announce: AnnounceAgreement | undefined;

  constructor(cache: AgreementCache, files: AgreementFiles | undefined, announce: AnnounceAgreement | undefined) {
    this.#cache = cache;
    this.#files = files;
    this.#announce = announce;
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
    await this.#follow(tx, record);
  }

  /** @param at milliseconds */
  async change(tx: Transaction, record: AgreementRecord, change: AgreementChange, at: number): Promise<void> {
    const changed = { ...record, ...change, updated_at: at };
    await agreements.update(tx, changed);
    await this.#follow(tx, changed);
    if (record.activated_at === null && changed.activated_at !== null) {
      tx.afterCommit(() => this.#files?.put(changed.id, changed.document));
    }
  }

  /** Waits for the files. */
  async idle(): Promise<void> {
    await this.#files?.idle();
  }

  async #follow(tx: Transaction, record: AgreementRecord): Promise<void> {
    const entry = entryOf(record);
    tx.afterCommit(() => this.#cache.put(entry));
    await this.#announce?.(tx, record);
  }
}
