import type { Sql, Transaction } from '../store/store.ts';

/** How far one table, or the files, are sealed. */
export interface WalkRow {
  readonly name: string;
  /** Number of the key under which, or under a later one, everything is to be. */
  readonly floor: number;
  /** Where the pass stands; empty at its beginning. */
  readonly place: string;
  /** What this pass sealed, and what it could not open. */
  readonly sealed: number;
  readonly broken: number;
  /** When a whole pass found nothing to seal, milliseconds. */
  readonly done_at: number | null;
  /** When one did for the first time, under whatever key: since then nothing stands there in the clear. */
  readonly covered_at: number | null;
}

/** Where the progress of sealing is kept. */
export const walkTable = {
  all(sql: Sql): Promise<WalkRow[]> {
    return sql.all<WalkRow & Record<string, never>>(
      'SELECT name, floor, place, sealed, broken, done_at, covered_at FROM sealing_walk ORDER BY name',
    );
  },

  async keep(tx: Transaction, row: WalkRow): Promise<void> {
    await tx.run(
      `INSERT INTO sealing_walk (name, floor, place, sealed, broken, done_at, covered_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET floor = excluded.floor, place = excluded.place, sealed = excluded.sealed,
         broken = excluded.broken, done_at = excluded.done_at,
         covered_at = excluded.covered_at`,
      ...[row.name, row.floor, row.place, row.sealed, row.broken, row.done_at, row.covered_at],
    );
  },
};
