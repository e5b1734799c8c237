import type { Store, Transaction } from '../store/store.ts';

/** Rows of one unit of work: others wait for the database meanwhile. */
const AT_ONCE = 500;
/** Units of work of one turn; what is left comes with the next. */
const PER_TURN = 40;

interface Row {
  readonly direction: string;
  readonly peer: string;
  readonly id: string;
  /** Volume of the archive. */
  readonly archived_in: number;
  readonly question_group: number | null;
  readonly answer_group: number | null;
}

/**
 * Removes questions and answers that were kept for as long as they had to be, the oldest first. Their entries in the
 * evidence log stay. What still lives, may still be used again, or is in no volume of the archive yet is kept however
 * old it is.
 *
 * @param before milliseconds: checks from before then are old
 * @param now milliseconds
 * @returns how many were removed; there may be more
 */
export async function purgeChecks(store: Store, before: number, now: number): Promise<number> {
  let removed = 0;
  for (let turn = 0; turn < PER_TURN; turn += 1) {
    const rows = await store.read.all<Row>(
      `SELECT direction, peer, id, archived_in, question_group, answer_group FROM certificate_check
       WHERE at < ? AND expires_at <= ? AND reusable_until <= ? AND archived_in IS NOT NULL ORDER BY at LIMIT ${AT_ONCE}`,
      before,
      now,
      now,
    );
    if (rows.length === 0) break;
    await store.write((tx) => remove(tx, rows));
    removed += rows.length;
  }
  return removed;
}

async function remove(tx: Transaction, rows: readonly Row[]): Promise<void> {
  // From now on the volume answers for their entries in the log.
  for (const volume of new Set(rows.map((row) => row.archived_in)))
    await tx.run('INSERT INTO archive_of_checks (number) VALUES (?) ON CONFLICT (number) DO NOTHING', volume);
  for (const { direction, peer, id } of rows)
    await tx.run('DELETE FROM certificate_check WHERE direction = ? AND peer = ? AND id = ?', direction, peer, id);
  const groups = new Set(rows.flatMap((row) => [row.question_group, row.answer_group]).filter((id) => id !== null));
  for (const group of groups)
    await tx.run(
      `DELETE FROM sealed_group WHERE id = ?
         AND NOT EXISTS (SELECT 1 FROM certificate_check WHERE question_group = sealed_group.id)
         AND NOT EXISTS (SELECT 1 FROM certificate_check WHERE answer_group = sealed_group.id)`,
      group,
    );
}
