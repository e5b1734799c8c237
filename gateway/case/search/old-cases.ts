import { setImmediate as turn } from 'node:timers/promises';
import type { Store } from '../../store/store.ts';
import { caseRepository, documentOf } from '../case-repository.ts';

/** Cases in one unit of work. */
const BATCH = 200;

export interface OldCasesOptions {
  readonly store: Store;
  /** All were read, so many now: for the log. */
  readonly onRead: (count: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the cases of before an upgrade findable by applicant and limit, beside everything else that goes on. What was read
 * stands in the store: whoever is interrupted goes on with the rest at the next start.
 */
export class OldCases {
  readonly #options: OldCasesOptions;
  #reading: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: OldCasesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#reading = this.#readAll().catch(this.#options.onError);
  }

  /** Waits for the unit of work under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    let count = 0;
    for (let read = BATCH; read === BATCH; count += read) {
      if (this.#isStopped) return;
      read = await this.#readSome();
      await turn();
    }
    if (count > 0) this.#options.onRead(count);
  }

  async #readSome(): Promise<number> {
    return this.#options.store.write(async (tx) => {
      const rows = await tx.all<{ conversation: string; document: string }>(
        'SELECT conversation, document FROM case_file WHERE applicant_key IS NULL ORDER BY conversation LIMIT ?',
        BATCH,
      );
      for (const { conversation, document } of rows)
        await caseRepository.setKeys(tx, conversation, documentOf(tx, conversation, document));
      return rows.length;
    });
  }
}
