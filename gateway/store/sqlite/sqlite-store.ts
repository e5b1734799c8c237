import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CodedError } from '#proto';
import { GroupCommit } from '../group-commit.ts';
import type { Reader, Store, Transaction } from '../store.ts';
import { PLAIN_VAULT, type Vault } from '../vault/vault.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { migrateSqlite } from './sqlite-migrate.ts';

/**
 * Opens the database file of a gateway, bringing its tables up to date.
 *
 * @throws CodedError STORE_VERSION when a newer program wrote the file
 */
export async function openSqliteStore(path: string, vault: Vault = PLAIN_VAULT): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its other files the mode of the first.
  closeSync(openSync(path, 'a', 0o600));
  const writer = new SqliteConnection(path, { vault });
  try {
    await migrateSqlite(writer);
    return new SqliteStore(writer, new SqliteConnection(path, { readOnly: true, vault }));
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** One writing connection and one reading connection. */
class SqliteStore implements Store {
  readonly read: Reader;
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #groups: GroupCommit;

  constructor(writer: SqliteConnection, reader: SqliteConnection) {
    this.#writer = writer;
    this.#reader = reader;
    this.#groups = new GroupCommit(writer);
    this.read = reader;
  }

  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#groups.write(work);
  }

  /** The file itself is overwritten at once (`secure_delete`); older pages live on in the write-ahead log until then. */
  async purge(): Promise<boolean> {
    if (this.#groups.isClosed) throw new CodedError('SHUTTING_DOWN');
    await this.#groups.idle();
    return this.#writer.truncateLog();
  }

  async close(): Promise<void> {
    if (this.#groups.isClosed) return;
    await this.#groups.close();
    this.#reader.close();
    this.#writer.close();
  }
}
