import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { CodedError } from '#proto';
import { EXCLUSIVE_USE } from './exclusive-use.ts';
import { toldError } from './postgres-error.ts';
import { dropSession, openSession, type SessionOptions } from './session.ts';

/** Number of the lock that makes a replica the leader: the letters TONGLEAD. */
const LEAD = '6075160490475340100';
/** First number of the locks that keep a name for one process: the letters NAME. The second is made of the name. */
const NAME = 1_312_902_469;
/** Attempts at a name, and milliseconds between them. */
const NAME_ATTEMPTS = 12;
const AGAIN_MS = 250;
/** Milliseconds in which the database must answer: one that does not is as good as away. */
const ANSWER_MS = 5_000;
/** Milliseconds without a sign after which a replica counts as away. */
const AWAY_MS = 10_000;
/** Milliseconds after which a replica that never came back is forgotten. */
const FORGET_MS = 24 * 60 * 60 * 1000;

/** Only who runs replicas has these tables; they say nothing that has to survive. */
const TABLES = `
CREATE TABLE IF NOT EXISTS store_leader (id BIGINT PRIMARY KEY CHECK (id = 1), term TEXT NOT NULL, name TEXT NOT NULL,
  address TEXT NOT NULL, beat BIGINT NOT NULL, since BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS store_replica (name TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)`;

/** The clock of the database: those of the machines are compared with nothing. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** The replica that leads, as its row tells. */
export interface Leader {
  /** Fresh for each time that a replica becomes the leader. */
  readonly term: string;
  readonly name: string;
  /** 'host:port' at which it takes connections from the other replicas. */
  readonly address: string;
  /** Grows while it lives. */
  readonly beat: number;
  /** Milliseconds since 1970, by the clock of the database. */
  readonly since: number;
}

/** `name` is that of the replica. */
export interface LeadershipOptions extends SessionOptions {
  /** What the server lists the connections of a replica as that write; those of an earlier leader are ended. */
  readonly writerOf: (name: string) => string;
}

/**
 * One connection by which a replica learns who leads, and leads itself: for as long as the connection lasts, and no
 * longer. Whatever ends it, a crash, the network, another replica or the server, ends the leadership in the same
 * moment for everybody who asks the database.
 */
export class Leadership {
  readonly #session: pg.Client;
  readonly #options: LeadershipOptions;
  readonly #lost: Promise<void>;

  private constructor(session: pg.Client, options: LeadershipOptions) {
    this.#session = session;
    this.#options = options;
    this.#lost = new Promise((resolve) => session.once('end', resolve));
  }

  /**
   * Connects, and keeps the name for this process.
   *
   * @throws CodedError CONFLICT when another process has the name, STORE_UNAVAILABLE, CONFIG_INVALID
   */
  static async open(options: LeadershipOptions): Promise<Leadership> {
    const { name } = options;
    const session = await openSession({ ...options, name: `tongban replica ${name}` });
    try {
      await makeTables(session);
      await takeName(session, name);
      return new Leadership(session, options);
    } catch (error) {
      dropSession(session);
      throw toldError(error);
    }
  }

  /** Resolves when the connection is gone, and the leadership with it. */
  get lost(): Promise<void> {
    return this.#lost;
  }

  /** The leader of now, or of last; undefined before the first. Tells the leader that we are there. */
  async look(): Promise<Leader | undefined> {
    await this.#query(
      `INSERT INTO store_replica (name, seen_at) VALUES ($1, ${NOW}) ON CONFLICT (name) DO UPDATE SET seen_at = ${NOW}`,
      [this.#options.name],
    );
    const [row] = await this.#query<Leader>('SELECT term, name, address, beat, since FROM store_leader');
    return row;
  }

  /** Takes the lead if nobody has it. @returns whether it is ours, until the connection ends */
  async claim(): Promise<boolean> {
    const [lock] = await this.#query<{ taken: number }>(`SELECT pg_try_advisory_lock(${LEAD}) AS taken`);
    return lock!.taken === 1;
  }

  /** Tells the others that we lead, where, and ends what an earlier leader still wrote. Call after {@link claim}. */
  async announce(term: string, address: string): Promise<Leader> {
    await this.#endWriters();
    const [leader] = await this.#query<Leader>(
      `INSERT INTO store_leader (id, term, name, address, beat, since) VALUES (1, $1, $2, $3, 0, ${NOW})
       ON CONFLICT (id) DO UPDATE SET term = excluded.term, name = excluded.name, address = excluded.address, beat = 0,
         since = excluded.since
       RETURNING term, name, address, beat, since`,
      [term, this.#options.name, address],
    );
    await this.#query(`DELETE FROM store_replica WHERE seen_at < ${NOW} - ${FORGET_MS}`);
    // A sign of life need not outlive a crash of the server.
    await this.#query('SET synchronous_commit = off');
    return leader!;
  }

  /**
   * Shows that the leader lives.
   *
   * @returns the other replicas, and whether each was seen lately; undefined when we lead no more
   */
  async beat(term: string): Promise<Readonly<Record<string, boolean>> | undefined> {
    const led = await this.#query('UPDATE store_leader SET beat = beat + 1 WHERE term = $1 RETURNING beat', [term]);
    if (led.length === 0) return undefined;
    const others = await this.#query<{ name: string; here: number }>(
      `SELECT name, seen_at > ${NOW} - ${AWAY_MS} AS here FROM store_replica WHERE name <> $1 ORDER BY name`,
      [this.#options.name],
    );
    return Object.fromEntries(others.map(({ name, here }) => [name, here === 1]));
  }

  /** Ends the connection of whoever leads: for a leader that shows no sign of life. */
  async depose(): Promise<void> {
    await this.#query(`SELECT pg_terminate_backend(pid) FROM (${holders(LEAD)}) AS holder`);
  }

  /** Frees leadership and name at once. */
  async close(): Promise<void> {
    await this.#inTime(this.#session.end()).catch(() => undefined);
  }

  /** Lets go of a connection that may hang. */
  drop(): void {
    dropSession(this.#session);
  }

  /** A gateway that is no replica is left alone: it is refused, or refuses us, as everywhere. */
  async #endWriters(): Promise<void> {
    const { writerOf, name } = this.#options;
    const names = await this.#query<{ name: string }>(
      'SELECT name FROM store_replica UNION SELECT name FROM store_leader',
    );
    const writers = new Set([name, ...names.map((row) => row.name)].map(writerOf));
    await this.#query(
      `SELECT pg_terminate_backend(pid) FROM (${holders(EXCLUSIVE_USE)}) AS holder WHERE application_name = ANY($1)`,
      [[...writers]],
    );
  }

  async #query<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    try {
      return (await this.#inTime(this.#session.query<R>(text, values))).rows;
    } catch (error) {
      throw toldError(error);
    }
  }

  /** A connection on which no answer comes is of no use, and lets go of what waits for it when it is dropped. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const late = setTimeout(() => this.drop(), ANSWER_MS);
    try {
      return await work;
    } finally {
      clearTimeout(late);
    }
  }
}

/** Statement for the connections that hold a lock of this database. */
function holders(lock: string): string {
  return `SELECT pg_locks.pid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
      AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (classid::bigint << 32) + objid::bigint = ${lock}`;
}

/** The server may still have to notice that an earlier process of ours ended. */
async function takeName(session: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; attempt <= NAME_ATTEMPTS; attempt += 1) {
    const text = `SELECT pg_try_advisory_lock(${NAME}, hashtext($1)) AS taken`;
    const { rows } = await session.query<{ taken: number }>(text, [name]);
    if (rows[0]!.taken === 1) return;
    if (attempt < NAME_ATTEMPTS) await pause(AGAIN_MS);
  }
  throw new CodedError('CONFLICT', `another process is replica ${name}; stop it, or give this one another name`);
}

/** Two that come first at the same time must not both make them. */
async function makeTables(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ there: number }>(
    `SELECT to_regclass('store_leader') IS NOT NULL AND to_regclass('store_replica') IS NOT NULL AS there`,
  );
  if (rows[0]!.there === 1) return;
  await session.query(`BEGIN; SELECT pg_advisory_xact_lock(${NAME}, 0); ${TABLES}; COMMIT`);
}
