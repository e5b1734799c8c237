import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { CodedError } from '#proto';
import { migrate } from './migrations/migrations.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { Row, Sql, Store, Transaction, Value } from './store.ts';

/** Units of work that share one commit, at most. */
const GROUP = 256;

interface Pending {
  readonly work: (tx: Transaction) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Opens the database file of a gateway, bringing its tables up to date.
 *
 * @throws CodedError STORE_VERSION when a newer program wrote the file
 */
export async function openSqliteStore(path: string): Promise<Store> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const writer = new SqliteConnection(path);
  try {
    await migrate(writer);
    return new SqliteStore(writer, new SqliteConnection(path, { readOnly: true }));
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** One writing connection, one reading connection, and a queue that turns waiting works into groups. */
class SqliteStore implements Store {
  readonly read: Sql;
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #waiting: Pending[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(writer: SqliteConnection, reader: SqliteConnection) {
    this.#writer = writer;
    this.#reader = reader;
    this.read = reader;
  }

  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new CodedError('SHUTTING_DOWN'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#draining ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#draining;
    this.#reader.close();
    this.#writer.close();
  }

  async #drain(): Promise<void> {
    do {
      // Callers of this turn of the event loop join the group, and the network has its turn between two groups.
      await new Promise(setImmediate);
      await this.#commitGroup(this.#waiting.splice(0, GROUP));
    } while (this.#waiting.length > 0);
    this.#draining = undefined;
  }

  async #commitGroup(group: readonly Pending[]): Promise<void> {
    const settle: (() => void)[] = [];
    const effects: (() => void)[] = [];
    try {
      this.#writer.execute('BEGIN IMMEDIATE');
      for (const pending of group) settle.push(await this.#runOne(pending, effects));
      this.#writer.execute('COMMIT');
    } catch (error) {
      this.#rollBack();
      for (const pending of group) pending.reject(error);
      return;
    }
    for (const effect of effects) effect();
    for (const tell of settle) tell();
  }

  /** Runs one work under a savepoint, so that its failure undoes only itself. */
  async #runOne(pending: Pending, effects: (() => void)[]): Promise<() => void> {
    const tx = new SqliteTransaction(this.#writer);
    try {
      const result = await tx.attempt(() => pending.work(tx));
      effects.push(...tx.effects);
      return () => pending.resolve(result);
    } catch (error) {
      return () => pending.reject(error);
    }
  }

  #rollBack(): void {
    try {
      this.#writer.execute('ROLLBACK');
    } catch {
      // SQLite already rolled back by itself, as it does when the disk is full.
    }
  }
}

class SqliteTransaction implements Transaction {
  readonly effects: (() => void)[] = [];
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    return this.#connection.all<R>(text, ...values);
  }

  get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    return this.#connection.get<R>(text, ...values);
  }

  run(text: string, ...values: Value[]): Promise<number> {
    return this.#connection.run(text, ...values);
  }

  async attempt<T>(part: () => Promise<T>): Promise<T> {
    const effects = this.effects.length;
    await this.#connection.run('SAVEPOINT part');
    try {
      const result = await part();
      await this.#connection.run('RELEASE part');
      return result;
    } catch (error) {
      await this.#connection.run('ROLLBACK TO part');
      await this.#connection.run('RELEASE part');
      this.effects.length = effects;
      throw error;
    }
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect);
  }
}
