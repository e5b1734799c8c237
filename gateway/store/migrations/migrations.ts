import { CodedError } from '#proto';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { schema0001 } from './0001-first.ts';
import { schema0002 } from './0002-trust.ts';
import { schema0003 } from './0003-certificates.ts';
import { schema0004 } from './0004-library.ts';
import { schema0005 } from './0005-cases.ts';

/** Every change of the tables, in order. A change that has been released is never edited. */
const MIGRATIONS: readonly string[] = [schema0001, schema0002, schema0003, schema0004, schema0005];

/**
 * Brings the tables to the newest version, each step as a whole or not at all.
 *
 * @throws CodedError STORE_VERSION when the data is newer than this program
 */
export async function migrate(connection: SqliteConnection): Promise<void> {
  const row = await connection.get<{ user_version: number }>('PRAGMA user_version');
  const version = row?.user_version ?? 0;
  if (version > MIGRATIONS.length) throw new CodedError('STORE_VERSION');
  for (let next = version; next < MIGRATIONS.length; next += 1) {
    connection.execute(`BEGIN IMMEDIATE; ${MIGRATIONS[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}
