import { stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { MIGRATIONS } from '../migrations/migrations.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { sqliteVersion } from './sqlite-migrate.ts';

/** Faults that are listed of one file. */
const MAX_FAULTS = 20;

/**
 * Reads the whole file of a database, whether a gateway uses it or not.
 *
 * @returns `faults`: what SQLite itself finds wrong, in its words
 * @throws CodedError NOT_FOUND when there is none, STORE_UNAVAILABLE when it cannot be read at all
 */
export async function sqliteStatus(path: string): Promise<{
  readonly version: number;
  readonly newest: number;
  readonly bytes: number;
  readonly faults: readonly string[];
}> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CodedError('NOT_FOUND', `there is no database at ${path}; has the gateway ever been started?`);
  let connection: SqliteConnection | undefined;
  try {
    connection = new SqliteConnection(path, { readOnly: true });
    const version = await sqliteVersion(connection);
    const words = await connection.all<{ integrity_check: string }>(`PRAGMA integrity_check(${MAX_FAULTS})`);
    const faults = words.map(({ integrity_check }) => integrity_check).filter((word) => word !== 'ok');
    return { version, newest: MIGRATIONS.length, bytes: found.size, faults };
  } catch (cause) {
    const { errstr = 'unknown reason' } = cause as { errstr?: string };
    throw new CodedError('STORE_UNAVAILABLE', `the database ${path} cannot be read (${errstr})`, [], { cause });
  } finally {
    connection?.close();
  }
}
