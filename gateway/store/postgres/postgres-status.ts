import type pg from 'pg';
import { CodedError } from '#proto';
import { MIGRATIONS } from '../migrations/migrations.ts';
import { lockHolder } from './exclusive-use.ts';
import { toldError } from './postgres-error.ts';
import { postgresVersion } from './postgres-migrate.ts';
import { dropSession, openSession, type SessionOptions } from './session.ts';

/** What can be said of a database from outside, whether a gateway uses it or not. */
export interface PostgresStatus {
  /** Version of the server, as it says it. */
  readonly server: string;
  /** Version of the tables; 0 for none. */
  readonly version: number;
  readonly newest: number;
  readonly bytes: number;
  /** The gateway that uses it; absent when none does. */
  readonly usedBy: string | undefined;
  /** Settings of the server under which what we call durable is not, each as `name = value`. */
  readonly unsafe: readonly string[];
  /** Indexes that the server itself calls unfinished or broken. */
  readonly brokenIndexes: readonly string[];
  /** Connections that the server allows. */
  readonly maxConnections: number;
  /** Milliseconds of one durable write; absent when there are no tables. */
  readonly writeMs: number | undefined;
}

/** @throws CodedError STORE_UNAVAILABLE, CONFIG_INVALID */
export async function postgresStatus(options: SessionOptions): Promise<PostgresStatus> {
  const session = await openSession(options);
  try {
    const version = await postgresVersion(session);
    const [facts] = await rowsOf<{ server: string; bytes: number; max: number }>(
      session,
      `SELECT current_setting('server_version') AS server, pg_database_size(current_database()) AS bytes,
         current_setting('max_connections')::int AS max`,
    );
    const unsafe = await rowsOf<{ name: string; value: string }>(
      session,
      `SELECT name, setting AS value FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on'`,
    );
    const broken = await rowsOf<{ name: string }>(
      session,
      `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE NOT (i.indisvalid AND i.indisready) AND c.relnamespace = current_schema()::regnamespace ORDER BY 1`,
    );
    return {
      server: facts!.server,
      version,
      newest: MIGRATIONS.length,
      bytes: facts!.bytes,
      usedBy: await lockHolder(session),
      unsafe: unsafe.map(({ name, value }) => `${name} = ${value}`),
      brokenIndexes: broken.map(({ name }) => name),
      maxConnections: facts!.max,
      writeMs: version === 0 ? undefined : await durableWriteMs(session),
    };
  } catch (error) {
    throw toldError(error);
  } finally {
    dropSession(session);
  }
}

/**
 * Reads every value of every table, as it is now: a page or a value that is damaged cannot be read. What stands in the
 * indexes alone is not looked at.
 *
 * @returns the tables that cannot be read, with the code of the server
 * @throws CodedError STORE_UNAVAILABLE, CONFIG_INVALID, NOT_FOUND when there are no tables
 */
export async function readThroughPostgres(options: SessionOptions): Promise<string[]> {
  const session = await openSession({ ...options, readOnly: true, patient: true });
  try {
    const tables = await rowsOf<{ name: string }>(
      session,
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1',
    );
    if (tables.length === 0) throw new CodedError('NOT_FOUND', `the database ${options.config.database} is empty`);
    const damaged: string[] = [];
    for (const { name } of tables) {
      const failed = await session.query(`SELECT max(length(t::text)) FROM "${name}" AS t`).then(
        () => undefined,
        (error: { code?: string }) => error.code ?? 'unknown',
      );
      if (failed !== undefined) damaged.push(`${name} (SQLSTATE ${failed})`);
    }
    return damaged;
  } catch (error) {
    throw toldError(error);
  } finally {
    dropSession(session);
  }
}

async function rowsOf<R extends pg.QueryResultRow>(session: pg.Client, text: string): Promise<R[]> {
  return (await session.query<R>(text)).rows;
}

/** What each commit costs: the row is there for this and for cleaning up. */
async function durableWriteMs(session: pg.Client): Promise<number> {
  const began = performance.now();
  await session.query('UPDATE store_purge SET number = number + 1');
  return Math.round(performance.now() - began);
}
