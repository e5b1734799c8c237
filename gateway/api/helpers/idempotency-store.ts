import type { Clock } from '#trust';
import type { Sql, Store, Transaction } from '../../store/store.ts';
import { rowOf } from '../../store/vault/sealed-columns.ts';
import type { IdempotencyStore, StoredAnswer } from './idempotency.ts';

/** Milliseconds that an answer is kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Milliseconds between two removals of old answers. */
const PURGE_EVERY_MS = 60 * 60 * 1000;

interface Row {
  readonly request: Buffer;
  readonly status: number;
  readonly body: string;
}

/** Answers to requests with an Idempotency-Key, in the gateway's database. Older than 24 hours they are forgotten. */
export class SqlIdempotencyStore implements IdempotencyStore {
  readonly #store: Store;
  readonly #clock: Clock;
  #purgedAt = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async find(scope: string, key: string): Promise<StoredAnswer | undefined> {
    const { read } = this.#store;
    const row = await read.get<Row>(
      'SELECT request, status, body FROM idempotency WHERE scope = ? AND key = ? AND created_at > ?',
      scope,
      key,
      this.#clock.now() - KEPT_MS,
    );
    if (!row) return undefined;
    const body = read.vault.openText('idempotency.body', rowOf(scope, key), row.body);
    return { requestHash: row.request.toString('hex'), status: row.status, body: JSON.parse(body) };
  }

  async save(scope: string, key: string, answer: StoredAnswer): Promise<void> {
    await this.#store.write((tx) => this.within(tx).save(scope, key, answer));
  }

  /** The same store inside a unit of work: the answer is kept if and only if the work is. */
  within(tx: Transaction): { save(scope: string, key: string, answer: StoredAnswer): Promise<void> } {
    return {
      save: async (scope, key, { requestHash, status, body }) => {
        const now = this.#clock.now();
        await this.#purge(tx, now);
        await tx.run(
          `INSERT INTO idempotency (scope, key, request, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (scope, key) DO UPDATE SET request = excluded.request, status = excluded.status,
             body = excluded.body, created_at = excluded.created_at`,
          scope,
          key,
          Buffer.from(requestHash, 'hex'),
          status,
          tx.vault.sealText('idempotency.body', rowOf(scope, key), JSON.stringify(body)),
          now,
        );
      },
    };
  }

  /** Now and then, since nobody asks for an old answer again. */
  async #purge(tx: Sql, now: number): Promise<void> {
    if (now - this.#purgedAt < PURGE_EVERY_MS) return;
    this.#purgedAt = now;
    await tx.run('DELETE FROM idempotency WHERE created_at <= ?', now - KEPT_MS);
  }
}
