import { decode } from '#proto';
import { SHORTEST_DAYS } from '../config/audit-config.ts';
import type { Sql, Transaction } from '../store/store.ts';

const COUNTER = 'audit/purged-before';
const DAY_MS = 24 * 60 * 60 * 1000;
/** Milliseconds by which a clock may be ahead of the newest entry of the log, or have been ahead when records were removed. */
const AHEAD_MS = DAY_MS;

/** Milliseconds: audit records from before this moment may have been removed by retention; 0 when none ever was. */
export async function auditPurgedBefore(read: Sql): Promise<number> {
  const row = await read.get<{ value: number }>('SELECT value FROM counter WHERE name = ?', COUNTER);
  return row?.value ?? 0;
}

/**
 * Whatever a database says, no record that is younger was removed by retention.
 *
 * @param now milliseconds; the newest entry of the log counts where it is older
 */
export async function latestAuditPurge(read: Sql, now: number): Promise<number> {
  return Math.min(now, await newestTime(read)) + AHEAD_MS - SHORTEST_DAYS * DAY_MS;
}

/**
 * Up to when records may be removed. A clock that runs far ahead removes nothing by itself: what the log says of the time,
 * peers have countersigned.
 *
 * @param keepMs milliseconds for which they are kept
 */
export async function auditPurgeBefore(read: Sql, now: number, keepMs: number): Promise<number> {
  return Math.min(now, (await newestTime(read)) + AHEAD_MS) - keepMs;
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

/** Milliseconds: time of the newest entry of the log; 0 without one that can be read. */
async function newestTime(read: Sql): Promise<number> {
  const last = await read.get<{ entry: Buffer }>('SELECT entry FROM log_entry ORDER BY position DESC LIMIT 1');
  try {
    return last ? decode('LogEntry', last.entry).at : 0;
  } catch {
    return 0;
  }
}
