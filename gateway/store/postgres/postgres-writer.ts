import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { CodedError } from '#proto';
import type { WriteConnection } from '../group-commit.ts';
import type { Row, Value } from '../store.ts';
import { PLAIN_VAULT, type Vault } from '../vault/vault.ts';
import { takeLock } from './exclusive-use.ts';
import { Placeholders } from './placeholders.ts';
import { isGone, toldError } from './postgres-error.ts';
import { migratePostgres } from './postgres-migrate.ts';
import { dropSession, openSession, type SessionOptions } from './session.ts';
import { Statements } from './statements.ts';

/** Milliseconds before each further attempt to connect: about six seconds in all, in which a server can start again. */
const AGAIN_MS: readonly number[] = [50, 100, 200, 400, 800, 1_600, 3_000];
/** Milliseconds between two attempts while a group waits to learn what became of it. */
const LATER_MS = 3_000;

/**
 * The connection that writes, and holds the database against other gateways by a lock that ends with it.
 *
 * Each transaction leaves its number in our row of `store_writer`. When the connection is lost during a commit nobody
 * knows whether that commit happened: the number tells, as soon as the database can be asked. Works whose commit did
 * happen are told so, and no other is told anything false.
 */
export class PostgresWriter implements WriteConnection {
  readonly vault: Vault;
  readonly #options: SessionOptions;
  readonly #statements: Statements;
  /** Our row in `store_writer`. It is gone once another gateway has opened the database. */
  readonly #id = randomUUID();
  #session: pg.Client | undefined;
  /** Whether earlier attempts to connect failed: callers then wait for one attempt only. */
  #isAway = false;
  /** Whether the database is not ours any more. */
  #isTaken = false;
  #isClosing = false;
  /** Numbers of transactions: of the newest one begun, and of the newest one known to be durable. */
  #begun = 0;
  #committed = 0;
  #inTransaction = false;
  #failure: Error | undefined;
  #changes = 0;

  constructor(options: SessionOptions, vault: Vault = PLAIN_VAULT) {
    this.vault = vault;
    this.#options = options;
    this.#statements = new Statements(new Placeholders(), (query) => this.#send(query), vault);
  }

  /**
   * Connects for the first time: brings the tables up to date, and takes the database for us.
   *
   * @throws CodedError CONFIG_INVALID, STORE_UNAVAILABLE, STORE_IN_USE, STORE_VERSION
   */
  async open(): Promise<void> {
    const session = await this.#connect(migratePostgres);
    try {
      await session.query('BEGIN; DELETE FROM store_writer');
      await session.query('INSERT INTO store_writer (id, number) VALUES ($1, 0)', [this.#id]);
      await session.query('COMMIT');
      this.#session = session;
    } catch (error) {
      dropSession(session);
      throw toldError(error);
    }
  }

  /** A connection that was lost since the last transaction took nothing with it: one more attempt is safe. */
  async begin(): Promise<void> {
    if (this.#isTaken) throw taken();
    this.#failure = undefined;
    this.#begun += 1;
    if (this.#session && (await this.#beginOn(this.#session))) return;
    const session = await this.#reconnect();
    if (!(await this.#beginOn(session))) throw new CodedError('STORE_UNAVAILABLE');
  }

  async commit(): Promise<void> {
    const session = this.#session;
    if (!session || !this.#inTransaction) throw this.#failure ?? new CodedError('STORE_UNAVAILABLE');
    this.#inTransaction = false;
    try {
      const { command } = await session.query('COMMIT');
      // PostgreSQL undoes a transaction in which a statement failed, and does not call that an error.
      if (command !== 'COMMIT') throw this.#failure ?? new Error('the database undid the transaction');
    } catch (error) {
      if (!isGone(error)) throw toldError(error);
      this.#lose(session);
      await this.#learnOutcome();
    }
    this.#committed = this.#begun;
  }

  async rollBack(): Promise<void> {
    if (!this.#inTransaction || !this.#session) return;
    this.#inTransaction = false;
    const session = this.#session;
    // What cannot be undone by word is undone by the end of the connection.
    await session.query('ROLLBACK').catch(() => this.#lose(session));
  }

  async savepoint(): Promise<void> {
    await this.#send({ text: 'SAVEPOINT part', name: 'savepoint' });
  }

  async release(): Promise<void> {
    await this.#send({ text: 'RELEASE SAVEPOINT part', name: 'release' });
  }

  async undoPart(): Promise<void> {
    await this.#sendAnyway({ text: 'ROLLBACK TO SAVEPOINT part', name: 'undo' });
    this.#failure = undefined;
    await this.release();
  }

  get isIntact(): boolean {
    return this.#inTransaction;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get changes(): number {
    return this.#changes;
  }

  all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    return this.#statements.all<R>(text, ...values);
  }

  get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    return this.#statements.get<R>(text, ...values);
  }

  run(text: string, ...values: Value[]): Promise<number> {
    return this.#statements.run(text, ...values);
  }

  /** From now on nothing waits for a database that is away. Works under way go on while it is there. */
  stopWaiting(): void {
    this.#isClosing = true;
  }

  /** Frees the database for another gateway. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const session = this.#session;
    this.#session = undefined;
    await session?.end().catch(() => {});
  }

  /** After a failure PostgreSQL only takes words that undo. */
  async #send(query: pg.QueryConfig): Promise<pg.QueryResult> {
    if (this.#failure) throw this.#failure;
    return this.#sendAnyway(query);
  }

  async #sendAnyway(query: pg.QueryConfig): Promise<pg.QueryResult> {
    const session = this.#session;
    if (!session || !this.#inTransaction) throw this.#failure ?? new CodedError('STORE_UNAVAILABLE');
    try {
      const result = await session.query(query);
      if (result.command !== 'SELECT') this.#changes += result.rowCount ?? 0;
      return result;
    } catch (error) {
      // What comes after the first failure only says that there was one.
      this.#failure ??= toldError(error);
      if (isGone(error)) this.#lose(session);
      throw this.#failure;
    }
  }

  #lose(session: pg.Client): void {
    dropSession(session);
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#inTransaction = false;
  }

  /** @returns false when the connection turned out to be lost */
  async #beginOn(session: pg.Client): Promise<boolean> {
    try {
      // One round trip. The number is ours: nothing of it comes from outside.
      const text = `BEGIN; UPDATE store_writer SET number = ${this.#begun} WHERE id = '${this.#id}'`;
      const results = (await session.query(text)) as unknown as pg.QueryResult[];
      if (results[1]?.rowCount !== 1) throw this.#loseForGood();
      this.#inTransaction = true;
      return true;
    } catch (error) {
      if (!isGone(error)) {
        await session.query('ROLLBACK').catch(() => this.#lose(session));
        throw toldError(error);
      }
      this.#lose(session);
      return false;
    }
  }

  /**
   * A commit whose answer was lost is as good as unknown, and what we hold in memory depends on it: there is nothing
   * to do but to ask, for as long as it takes. The lock that a new connection needs is free only when the old one has
   * ended, and with it the commit.
   *
   * @throws CodedError STORE_UNAVAILABLE when it did not happen, or the store closes before anybody knows
   */
  async #learnOutcome(): Promise<void> {
    for (;;) {
      try {
        await this.#reconnect();
        break;
      } catch (error) {
        if (this.#isClosing || this.#isTaken) throw error;
        await pause(LATER_MS);
      }
    }
    if (this.#committed !== this.#begun)
      throw new CodedError('STORE_UNAVAILABLE', 'the connection was lost before the commit; nothing was kept');
  }

  /** @throws CodedError STORE_UNAVAILABLE or STORE_IN_USE after some attempts, or at once when it is not ours any more */
  async #reconnect(): Promise<pg.Client> {
    const waits = this.#isAway || this.#isClosing ? [] : AGAIN_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const session = await this.#connect((fresh) => this.#recognize(fresh));
        this.#session = session;
        this.#isAway = false;
        return session;
      } catch (error) {
        const wait = waits[attempt];
        if (this.#isClosing || this.#isTaken || wait === undefined) {
          this.#isAway = true;
          throw error;
        }
        await pause(wait);
      }
    }
  }

  /**
   * What is in memory must be what is in the database: it is not after another gateway wrote, nor when the database
   * went back to an earlier state. Only a start makes that good.
   */
  async #recognize(session: pg.Client): Promise<void> {
    const { rows } = await session.query<{ number: number }>('SELECT number FROM store_writer WHERE id = $1', [
      this.#id,
    ]);
    const number = rows[0]?.number;
    if (number !== this.#committed && number !== this.#begun) throw this.#loseForGood();
    this.#committed = number;
  }

  #loseForGood(): CodedError {
    this.#isTaken = true;
    return taken();
  }

  async #connect(prepare: (session: pg.Client) => Promise<void>): Promise<pg.Client> {
    const session = await openSession({ ...this.#options, pipeline: true });
    try {
      await takeLock(session);
      await prepare(session);
      return session;
    } catch (error) {
      dropSession(session);
      throw toldError(error);
    }
  }
}

function taken(): CodedError {
  return new CodedError(
    'STORE_IN_USE',
    'another gateway has used the database since, or it was set back to an earlier state; start this gateway again when no other runs',
  );
}
