import type { Vault } from './vault/vault.ts';

/** A value that a column can hold. Times are milliseconds as integers. */
export type Value = string | number | null | Uint8Array;

/** A row as read: blobs are Buffers. */
export type Row = Record<string, string | number | null | Buffer>;

/**
 * Statements with `?` placeholders, prepared once per text, in words that every database knows. Numbers are whole and
 * at most 2^53 - 1, else reading fails with a RangeError; what is true reads as 1, what is false as 0.
 */
export interface Sql {
  all<R = Row>(text: string, ...values: Value[]): Promise<R[]>;
  get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined>;
  /** @returns how many rows changed */
  run(text: string, ...values: Value[]): Promise<number>;
  /** Seals and opens what is personal in a row. */
  readonly vault: Vault;
}

/** The reading side of a database. */
export interface Reader extends Sql {
  /** Whether the program that used the database last knew the table. */
  hasTable(name: string): Promise<boolean>;
}

/** Statements inside one unit of work. */
export interface Transaction extends Sql {
  /**
   * Runs a part that may fail: its failure undoes the part and is thrown, the rest of the unit goes on. A statement that
   * may be refused belongs into a part: outside of one, a refused statement may fail the whole unit.
   */
  attempt<T>(part: () => Promise<T>): Promise<T>;
  /** Runs after the commit; never when the work is rolled back. Must not throw. */
  afterCommit(effect: () => void): void;
}

/**
 * The gateway's database. All repositories are written against this port; what differs between databases stays
 * behind it.
 */
export interface Store {
  /**
   * Runs a unit of work that becomes durable as a whole or not at all. Works that wait share one commit, in the order
   * of their calls. A work may await nothing but its own statements. It may be run again from its start before the
   * commit, when something failed beside it: what it does outside the database belongs into `afterCommit`.
   */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Takes what was deleted or overwritten out of the database, so that nobody reads it there. SQLite's files hold
   * nothing of it afterwards. PostgreSQL gives its space up, to be overwritten sooner or later; how long its log and the
   * backups of the server keep it is for those who run the server to say.
   *
   * @returns false when somebody else is reading; it is to be tried again
   */
  purge(): Promise<boolean>;
  /** Reads what is committed; each statement for itself. */
  readonly read: Reader;
  /** Waits for the works under way; later calls fail with SHUTTING_DOWN. */
  close(): Promise<void>;
}
