import type pg from 'pg';
import { toldError } from './postgres-error.ts';
import { dropSession, openSession, type SessionOptions } from './session.ts';

/**
 * Gives up the space of all rows that were deleted or overwritten (VACUUM), so that no statement reads them and new rows
 * go over them. First it looks, on a row of its own, whether somebody still reads an older state: then the server would
 * keep those rows.
 *
 * What this cannot do: PostgreSQL does not overwrite given up space at once, and its write-ahead log, archives and
 * backups keep older states for as long as they are kept themselves. `docs/store.md` says what the operator does.
 *
 * @returns false when somebody still reads an older state
 * @throws CodedError STORE_UNAVAILABLE
 */
export async function purgePostgres(options: SessionOptions): Promise<boolean> {
  const session = await openSession({ ...options, patient: true });
  try {
    if (await isReadByOthers(session)) return false;
    await session.query('VACUUM (INDEX_CLEANUP ON)');
    return true;
  } catch (error) {
    throw toldError(error);
  } finally {
    dropSession(session);
  }
}

/** A version of a row that VACUUM leaves although it is overwritten is visible to somebody. */
async function isReadByOthers(session: pg.Client): Promise<boolean> {
  await session.query('VACUUM store_purge');
  await session.query('UPDATE store_purge SET number = number + 1');
  await session.query('VACUUM store_purge');
  const { rows } = await session.query<{ kept: number }>(
    `SELECT pg_stat_get_dead_tuples('store_purge'::regclass) AS kept`,
  );
  return rows[0]!.kept > 0;
}
