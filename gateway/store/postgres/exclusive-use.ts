import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { CodedError } from '#proto';

/** Number of the lock, which PostgreSQL keeps for each database apart: the letters TONGBAN. */
export const EXCLUSIVE_USE = '23731095665262926';
/** Attempts, and milliseconds between them: the server may still have to notice that an earlier process ended. */
const ATTEMPTS = 20;
const AGAIN_MS = 250;

/**
 * Takes the database for this connection, until it ends. Two gateways on one database would both keep its state in
 * memory, and each would overwrite what the other did.
 *
 * @throws CodedError STORE_IN_USE, naming who holds it as far as the server tells
 */
export async function takeLock(session: pg.Client): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { rows } = await session.query<{ taken: number }>(`SELECT pg_try_advisory_lock(${EXCLUSIVE_USE}) AS taken`);
    if (rows[0]!.taken === 1) return;
    if (attempt < ATTEMPTS) await pause(AGAIN_MS);
  }
  throw new CodedError(
    'STORE_IN_USE',
    `another gateway uses the database (${(await lockHolder(session)) ?? 'unknown'}); stop it, or give this one a database of its own`,
  );
}

/** @returns the gateway that has the database, as far as the server tells; nothing when none has */
export async function lockHolder(session: pg.Client): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string; address: string; since: string }>(
    `SELECT coalesce(application_name, '') AS name, coalesce(host(client_addr), 'local') AS address,
       coalesce(to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '') AS since
     FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32) + objid::bigint = ${EXCLUSIVE_USE} LIMIT 1`,
  );
  const [row] = rows;
  return row && `${row.name} from ${row.address} since ${row.since}`;
}
