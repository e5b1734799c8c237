import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CodedError } from '#proto';
import { migrate } from './migrations/migrations.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { Row, Sql, Store, Transaction, Value } from './store.ts';

/** Units of work that share one commit, at most. */
const GROUP = 256;
/**
 * Statements after which the network has a turn. SQLite never waits: without turns a group would hold up the frames that
 * the peer needs to go on, and the two gateways would work in alternation.
 */
const STATEMENTS_PER_TURN = 256;

/** What a failed part takes with it: itself, by a savepoint, or its whole group, which is then run again. */
type Undo = 'part' | 'group';

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
  // SQLite gives its other files the mode of the first.
  closeSync(openSync(path, 'a', 0o600));
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
  readonly #turns = new Turns();
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

  /** The file itself is overwritten at once (`secure_delete`); older pages live on in the write-ahead log until then. */
  async purge(): Promise<boolean> {
    if (this.#closed) throw new CodedError('SHUTTING_DOWN');
    while (this.#draining) await this.#draining;
    return this.#writer.truncateLog();
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

  /**
   * Savepoints cost more than what most works write, and few works fail after they wrote: a group goes without them
   * first, and from its start with them when something has to be undone.
   */
  async #commitGroup(group: readonly Pending[]): Promise<void> {
    let settle: (() => void)[];
    try {
      settle = (await this.#runAll(group, 'group')) ?? (await this.#runAll(group, 'part'))!;
      this.#writer.execute('COMMIT');
    } catch (error) {
      this.#rollBack();
      for (const pending of group) pending.reject(error);
      return;
    }
    for (const tell of settle) tell();
  }

  /** @returns what to do after the commit; nothing when the group was undone */
  async #runAll(group: readonly Pending[], undo: Undo): Promise<(() => void)[] | undefined> {
    const settle: (() => void)[] = [];
    this.#writer.execute('BEGIN IMMEDIATE');
    for (const pending of group) {
      const tell = await this.#runOne(pending, undo);
      if (!tell) {
        this.#rollBack();
        return undefined;
      }
      settle.push(tell);
    }
    return settle;
  }

  /**
   * Runs one work, so that its failure undoes only itself.
   *
   * @returns what to do after the commit; nothing when the whole group has to be undone and run again
   * @throws the work's error when SQLite undid the whole transaction with it
   */
  #runOne(pending: Pending, undo: Undo): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      const tx = new SqliteTransaction(this.#writer, this.#turns, undo, () => resolve(undefined));
      tx.attempt(() => pending.work(tx)).then(
        (result) => resolve(() => tellCommitted(pending, tx.effects, result)),
        (error) => {
          if (this.#writer.inTransaction) resolve(() => pending.reject(error));
          else reject(error);
        },
      );
    });
  }

  #rollBack(): void {
    try {
      this.#writer.execute('ROLLBACK');
    } catch {
      // SQLite already rolled back by itself, as it does when the disk is full.
    }
  }
}

/** An effect that throws against its duty must not stop the store: its own work's caller learns of it. */
function tellCommitted(pending: Pending, effects: readonly (() => void)[], result: unknown): void {
  try {
    for (const effect of effects) effect();
    pending.resolve(result);
  } catch (error) {
    pending.reject(error);
  }
}

/** Counts the statements of all works, and gives the event loop a turn now and then. */
class Turns {
  #statements = 0;

  /** Passes the outcome of a statement on, after a turn if it is time for one. */
  take<T>(outcome: Promise<T>): Promise<T> {
    this.#statements += 1;
    return this.#statements % STATEMENTS_PER_TURN === 0 ? afterTurn(outcome) : outcome;
  }
}

async function afterTurn<T>(outcome: Promise<T>): Promise<T> {
  const value = await outcome;
  await new Promise(setImmediate);
  return value;
}

class SqliteTransaction implements Transaction {
  readonly effects: (() => void)[] = [];
  readonly #connection: SqliteConnection;
  readonly #turns: Turns;
  readonly #undo: Undo;
  readonly #onGivenUp: () => void;
  #givenUp = false;

  /** @param onGivenUp the work goes no further: its group is to be undone */
  constructor(connection: SqliteConnection, turns: Turns, undo: Undo, onGivenUp: () => void) {
    this.#connection = connection;
    this.#turns = turns;
    this.#undo = undo;
    this.#onGivenUp = onGivenUp;
  }

  all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    return this.#turns.take(this.#live().all<R>(text, ...values));
  }

  get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    return this.#turns.take(this.#live().get<R>(text, ...values));
  }

  run(text: string, ...values: Value[]): Promise<number> {
    return this.#turns.take(this.#live().run(text, ...values));
  }

  async attempt<T>(part: () => Promise<T>): Promise<T> {
    const effects = this.effects.length;
    try {
      return await (this.#undo === 'part' ? this.#underSavepoint(part) : this.#orGiveUp(part));
    } catch (error) {
      this.effects.length = effects;
      throw error;
    }
  }

  async #underSavepoint<T>(part: () => Promise<T>): Promise<T> {
    await this.#connection.run('SAVEPOINT part');
    try {
      const result = await part();
      await this.#connection.run('RELEASE part');
      return result;
    } catch (error) {
      if (this.#connection.inTransaction) {
        await this.#connection.run('ROLLBACK TO part');
        await this.#connection.run('RELEASE part');
      }
      throw error;
    }
  }

  /** A part that fails before it wrote leaves nothing to undo. After it, the promise stays open: nothing follows. */
  async #orGiveUp<T>(part: () => Promise<T>): Promise<T> {
    const before = this.#connection.changes;
    try {
      return await part();
    } catch (error) {
      if (!this.#givenUp && this.#connection.changes === before) throw error;
      this.#givenUp = true;
      this.#onGivenUp();
      return new Promise(() => {});
    }
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect);
  }

  /** SQLite may undo a whole transaction by itself; what came after would then be committed alone. */
  #live(): SqliteConnection {
    if (this.#givenUp) throw new Error('the work was given up and will be run again');
    if (!this.#connection.inTransaction) throw new Error('the database undid the whole transaction');
    return this.#connection;
  }
}
