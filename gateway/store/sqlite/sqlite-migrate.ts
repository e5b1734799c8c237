import { CodedError } from '#proto';
import { MIGRATIONS } from '../migrations/migrations.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/**
 * Brings the tables to the newest version, each step as a whole or not at all.
 *
 * @throws CodedError STORE_VERSION when the data is newer than this program
 */
export async function migrateSqlite(connection: SqliteConnection): Promise<void> {
  const version = await sqliteVersion(connection);
  if (version > MIGRATIONS.length) throw new CodedError('STORE_VERSION');
  for (let next = version; next < MIGRATIONS.length; next += 1) {
    connection.execute(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}

/** @returns the version of the tables; 0 for a file without any */
export async function sqliteVersion(connection: SqliteConnection): Promise<number> {
  return (await connection.get<{ user_version: number }>('PRAGMA user_version'))?.user_version ?? 0;
}
