import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Who keeps a ledger: the sender what it accepted and the receipts it got, the receiver what it decided. */
export interface LedgerRow {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly salt: Buffer;
  readonly leaf: Buffer;
  /** Null while there is none. */
  readonly receipt: Buffer | null;
}

/** The least that keeps envelopes durable: one SQLite file, WAL, synchronous=FULL, a commit for each call. */
export class Ledger {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #settle: StatementSync;
  readonly #seal: StatementSync;
  #position = 0;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE envelope (position INTEGER PRIMARY KEY, header BLOB NOT NULL, payload BLOB NOT NULL,
        salt BLOB NOT NULL, leaf BLOB NOT NULL, receipt BLOB);
      CREATE TABLE seal (signed_root TEXT NOT NULL);
    `);
    this.#insert = this.#db.prepare('INSERT INTO envelope VALUES (?, ?, ?, ?, ?, ?)');
    this.#settle = this.#db.prepare('UPDATE envelope SET receipt = ? WHERE position = ?');
    this.#seal = this.#db.prepare('INSERT INTO seal VALUES (?)');
  }

  /** Makes rows durable, with the seals that belong to them. @returns the position of the first */
  add(rows: readonly LedgerRow[], seals: readonly string[] = []): number {
    const first = this.#position + 1;
    this.#commit(() => {
      for (const { header, payload, salt, leaf, receipt } of rows) {
        this.#position += 1;
        this.#insert.run(this.#position, header, payload, salt, leaf, receipt);
      }
      for (const seal of seals) this.#seal.run(seal);
    });
    return first;
  }

  /** Makes the receipts of consecutive rows durable, with the seals of both directions. */
  settle(first: number, receipts: readonly Buffer[], seals: readonly string[]): void {
    this.#commit(() => {
      receipts.forEach((receipt, index) => {
        this.#settle.run(receipt, first + index);
      });
      for (const seal of seals) this.#seal.run(seal);
    });
  }

  close(): void {
    this.#db.close();
  }

  #commit(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    work();
    this.#db.exec('COMMIT');
  }
}
