import type { Transaction } from '../../store/store.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** Milliseconds for which one state an hour is kept, before it is one a day for ever. */
const HOURLY_MS = 90 * DAY_MS;
/** Milliseconds between two thinnings. */
const EVERY_MS = HOUR_MS;

/**
 * Thins what witnesses say as it ages: everything for a day, then the last of each hour, after ninety days the last of
 * each day. The newest always stays. One peer's rows grow by a state a day in the end.
 */
export class Thinning {
  readonly #table: 'witnessed_note' | 'cosignature';
  readonly #owner: 'region' | 'witness';
  #next = 0;

  constructor(table: 'witnessed_note' | 'cosignature') {
    this.#table = table;
    this.#owner = table === 'witnessed_note' ? 'region' : 'witness';
  }

  /** Thins, at most once an hour, in the unit of work that adds a row. */
  async run(tx: Transaction, now: number): Promise<void> {
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    await this.#keepLast(tx, HOUR_MS, now - DAY_MS);
    await this.#keepLast(tx, DAY_MS, now - HOURLY_MS);
  }

  /** Of all that is older than `before`, keeps the last of each stretch of time. */
  async #keepLast(tx: Transaction, stretch: number, before: number): Promise<void> {
    const [table, owner] = [this.#table, this.#owner];
    await tx.run(
      `DELETE FROM ${table} WHERE at < ? AND EXISTS (
         SELECT 1 FROM ${table} AS later WHERE later.${owner} = ${table}.${owner}
           AND (later.epoch, later.size) > (${table}.epoch, ${table}.size) AND later.at / ${stretch} = ${table}.at / ${stretch})`,
      before - (before % stretch),
    );
  }
}
