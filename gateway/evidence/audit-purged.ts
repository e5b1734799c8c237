import type { Sql, Transaction } from '../store/store.ts';

const COUNTER = 'audit/purged-before';

/** Milliseconds: audit records from before this moment may have been removed by retention; 0 when none ever was. */
export async function auditPurgedBefore(read: Sql): Promise<number> {
  const row = await read.get<{ value: number }>('SELECT value FROM counter WHERE name = ?', COUNTER);
  return row?.value ?? 0;
}

/** Writes down, with the removal itself, up to when records were removed: their entries stay in the log alone. */
export async function notePurgedAudit(tx: Transaction, before: number): Promise<void> {
  await tx.run(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = CASE WHEN counter.value > excluded.value
       THEN counter.value ELSE excluded.value END`,
    COUNTER,
    before,
  );
}
