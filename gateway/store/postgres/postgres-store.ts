import pg from 'pg';
import { CodedError } from '#proto';
import type { PostgresConfig } from '../../config/store-config.ts';
import { GroupCommit } from '../group-commit.ts';
import type { Reader, Store, Transaction } from '../store.ts';
import type { Vault } from '../vault/vault.ts';
import { Placeholders } from './placeholders.ts';
import { isGone, toldError } from './postgres-error.ts';
import { purgePostgres } from './postgres-purge.ts';
import { PostgresWriter } from './postgres-writer.ts';
import { clientConfig, type SessionOptions } from './session.ts';
import { Statements } from './statements.ts';

/** Milliseconds after which a connection that nobody reads by is closed. */
const IDLE_MS = 60_000;

export interface PostgresStoreOptions {
  readonly config: PostgresConfig;
  /** For a server that asks for one. */
  readonly password: string;
  /** What the server lists the connections as, for the people who run it. */
  readonly name: string;
  /** What seals what is personal; nothing is sealed without one. */
  readonly vault?: Vault;
}

/**
 * Opens the database of a gateway on a PostgreSQL server, bringing its tables up to date, and holds it until the store
 * closes.
 *
 * @throws CodedError STORE_VERSION when a newer program wrote the data, STORE_IN_USE when another gateway uses it,
 * STORE_UNAVAILABLE, and CONFIG_INVALID for a server or settings that cannot serve
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const writer = new PostgresWriter(options, options.vault);
  await writer.open();
  const pool = new pg.Pool({
    ...(await clientConfig({ ...options, readOnly: true })),
    max: options.config.connections,
    idleTimeoutMillis: IDLE_MS,
  });
  // A connection that is lost while nobody reads by it: the pool makes another.
  pool.on('error', () => {});
  return new PostgresStore(writer, pool, options);
}

/** One connection that writes, a few that read, and one for cleaning up when it is time. */
class PostgresStore implements Store {
  readonly read: Reader;
  readonly #writer: PostgresWriter;
  readonly #pool: pg.Pool;
  readonly #options: SessionOptions;
  readonly #groups: GroupCommit;

  constructor(writer: PostgresWriter, pool: pg.Pool, options: SessionOptions) {
    this.#writer = writer;
    this.#pool = pool;
    this.#options = options;
    this.#groups = new GroupCommit(writer);
    this.read = new Statements(new Placeholders(), (query) => this.#read(query), writer.vault);
  }

  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#groups.write(work);
  }

  async purge(): Promise<boolean> {
    if (this.#groups.isClosed) throw new CodedError('SHUTTING_DOWN');
    return purgePostgres(this.#options);
  }

  async close(): Promise<void> {
    if (this.#groups.isClosed) return;
    this.#writer.stopWaiting();
    await this.#groups.close();
    await this.#pool.end();
    await this.#writer.close();
  }

  /** Reading changes nothing: what a lost connection left unanswered is asked once more. */
  async #read(query: pg.QueryConfig): Promise<pg.QueryResult> {
    if (this.#groups.isClosed) throw new CodedError('SHUTTING_DOWN');
    try {
      return await this.#pool.query(query).catch((error: unknown) => {
        if (!isGone(error)) throw error;
        return this.#pool.query(query);
      });
    } catch (error) {
      throw toldError(error);
    }
  }
}
