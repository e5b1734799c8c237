import { stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import type { StoreConfig } from '../config/store-config.ts';
import { SqliteConnection } from './sqlite/sqlite-connection.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import type { Reader, Store } from './store.ts';
import { PLAIN_VAULT, type Vault } from './vault/vault.ts';

/** Environment of the process, for a password that is in no file. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the store that the config names, for one gateway alone.
 *
 * @param name what the server of a database lists us as
 * @param vault what seals what is personal; without one nothing is sealed, and what is sealed cannot be read
 * @throws CodedError STORE_VERSION, STORE_IN_USE, STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function openStore(
  config: StoreConfig,
  environment: Environment,
  name: string,
  vault: Vault = PLAIN_VAULT,
): Promise<Store> {
  if (config.kind === 'sqlite') return openSqliteStore(config.path, vault);
  // Only who uses PostgreSQL loads its client.
  const { openPostgresStore, passwordOf } = await import('./postgres/index.ts');
  return openPostgresStore({ config, password: await passwordOf(config, environment), name, vault });
}

/**
 * Reads a database as it is at one moment, whatever a running gateway adds meanwhile.
 *
 * @throws CodedError NOT_FOUND when there is none, STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function inSnapshot<T>(
  config: StoreConfig,
  environment: Environment,
  work: (read: Reader) => Promise<T>,
  vault: Vault = PLAIN_VAULT,
): Promise<T> {
  if (config.kind === 'sqlite') return inSqlite(config.path, work, vault);
  const { inPostgres, passwordOf } = await import('./postgres/index.ts');
  return inPostgres({ config, password: await passwordOf(config, environment), name: 'tongban (reader)' }, work, vault);
}

async function inSqlite<T>(path: string, work: (read: Reader) => Promise<T>, vault: Vault): Promise<T> {
  const connection = await openReadOnly(path, vault);
  try {
    connection.execute('BEGIN');
    return await work(connection);
  } finally {
    connection.close();
  }
}

async function openReadOnly(path: string, vault: Vault): Promise<SqliteConnection> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CodedError('NOT_FOUND', `there is no database at ${path}; has the gateway ever been started?`);
  try {
    return new SqliteConnection(path, { readOnly: true, vault });
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `cannot open the database ${path}`, [], { cause });
  }
}
