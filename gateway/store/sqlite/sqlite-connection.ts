import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { WriteConnection } from '../group-commit.ts';
import type { Reader, Row, Value } from '../store.ts';
import { PLAIN_VAULT, type Vault } from '../vault/vault.ts';

/**
 * Pages of 4 KiB in the write-ahead log before they go to the file. Under load the same pages are written again and
 * again: with the default of 1000 much of the time goes into copying them.
 */
const CHECKPOINT_PAGES = 8_000;
/** Milliseconds that a statement waits for another process. */
const BUSY_MS = 5000;

/** One connection to a SQLite file, with every statement prepared once. */
export class SqliteConnection implements WriteConnection, Reader {
  readonly vault: Vault;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, options: { readOnly?: boolean; vault?: Vault } = {}) {
    this.vault = options.vault ?? PLAIN_VAULT;
    this.#db = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: BUSY_MS });
    if (!options.readOnly) {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
      // What is erased must not be read in free pages of the file.
      this.#db.exec('PRAGMA secure_delete = ON;');
      this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`);
    }
    this.#db.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;');
  }

  async all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    const rows = this.#prepare(text).all(...values) as Row[];
    for (const row of rows) withBuffers(row);
    return rows as R[];
  }

  async get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    const row = this.#prepare(text).get(...values) as Row | undefined;
    return row && (withBuffers(row) as R);
  }

  async run(text: string, ...values: Value[]): Promise<number> {
    return Number(this.#prepare(text).run(...values).changes);
  }

  async begin(): Promise<void> {
    this.#db.exec('BEGIN IMMEDIATE');
  }

  async commit(): Promise<void> {
    this.#db.exec('COMMIT');
  }

  async rollBack(): Promise<void> {
    // SQLite may have undone it by itself, as it does when the disk is full.
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
  }

  async savepoint(): Promise<void> {
    this.#prepare('SAVEPOINT part').run();
  }

  async release(): Promise<void> {
    this.#prepare('RELEASE part').run();
  }

  async undoPart(): Promise<void> {
    this.#prepare('ROLLBACK TO part').run();
    this.#prepare('RELEASE part').run();
  }

  get isIntact(): boolean {
    return this.#db.isTransaction;
  }

  /** A transaction of SQLite goes on after a failed statement. */
  get failure(): undefined {
    return undefined;
  }

  /** Rows that were inserted, changed or deleted since the file was opened, undone ones included. */
  get changes(): number {
    return this.#prepare('SELECT total_changes() AS n').get()!.n as number;
  }

  async hasTable(name: string): Promise<boolean> {
    return this.#prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined;
  }

  /** Runs statements that take no values and give no rows. */
  execute(text: string): void {
    this.#db.exec(text);
  }

  /**
   * Writes the write-ahead log back and empties it, without waiting for anybody: the whole process would wait.
   *
   * @returns false when somebody else is reading
   */
  truncateLog(): boolean {
    this.#db.exec('PRAGMA busy_timeout = 0');
    try {
      return (this.#prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number }).busy === 0;
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  close(): void {
    this.#db.close();
  }

  #prepare(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#db.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

/** node:sqlite hands blobs out as Uint8Array. */
function withBuffers(row: Row): Row {
  for (const name in row) {
    const value = row[name] as unknown;
    if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}
