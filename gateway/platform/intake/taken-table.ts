import type { Sql, Store, Transaction } from '../../store/store.ts';

/** Rows that one unit of work removes. */
const AT_ONCE = 500;

/** One wish of a submission of a platform. */
export interface WishPlace {
  /** Name of the platform. */
  readonly adapter: string;
  /** Key of the submission. */
  readonly key: string;
  /** Place of the wish in it, from 0. */
  readonly step: number;
}

/** A wish that was done. */
export interface TakenWish {
  /** What was done, such as `act accept`. */
  readonly wish: string;
  readonly conversation: string;
}

/** Acts and notes that platforms wished and that were done: each row is written in the unit of work of what it stands for. */
export const takenTable = {
  /** Those of one submission, by their place. */
  async of(sql: Sql, adapter: string, key: string): Promise<ReadonlyMap<number, TakenWish>> {
    const rows = await sql.all<{ step: number; wish: string; conversation: string }>(
      'SELECT step, wish, conversation FROM platform_taken WHERE adapter = ? AND key = ?',
      adapter,
      key,
    );
    return new Map(rows.map(({ step, ...taken }) => [step, taken]));
  },

  /** A wish that is there already fails the unit of work, which would do it twice. @param at milliseconds */
  async insert(
    tx: Transaction,
    { adapter, key, step }: WishPlace,
    { wish, conversation }: TakenWish,
    at: number,
  ): Promise<void> {
    await tx.run(
      'INSERT INTO platform_taken (adapter, key, step, wish, conversation, taken_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[adapter, key, step, wish, conversation, at],
    );
  },

  /**
   * Forgets old wishes, but for those of submissions that are parked half done.
   *
   * @param before milliseconds
   * @param goesOn asked between two units of work
   */
  async purge(store: Store, before: number, goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      const removed = await store.write((tx) =>
        tx.run(
          `DELETE FROM platform_taken WHERE (adapter, key, step) IN (
             SELECT old.adapter, old.key, old.step FROM platform_taken AS old
             WHERE old.taken_at < ? AND NOT EXISTS (
               SELECT 1 FROM platform_parked AS parked WHERE parked.adapter = old.adapter AND parked.key = old.key)
             LIMIT ${AT_ONCE})`,
          before,
        ),
      );
      if (removed < AT_ONCE) return;
    }
  },
};
