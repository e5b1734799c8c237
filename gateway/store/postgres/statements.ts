import type pg from 'pg';
import type { Reader, Row, Value } from '../store.ts';
import type { Vault } from '../vault/vault.ts';
import type { Placeholders } from './placeholders.ts';

/** Something that runs statements: a connection, or a pool of them. */
export type Runs = (query: pg.QueryConfig) => Promise<pg.QueryResult>;

/** Our statements, run as PostgreSQL's. */
export class Statements implements Reader {
  readonly vault: Vault;
  readonly #placeholders: Placeholders;
  readonly #runs: Runs;

  constructor(placeholders: Placeholders, runs: Runs, vault: Vault) {
    this.vault = vault;
    this.#placeholders = placeholders;
    this.#runs = runs;
  }

  async all<R = Row>(text: string, ...values: Value[]): Promise<R[]> {
    return (await this.#query(text, values)).rows as R[];
  }

  async get<R = Row>(text: string, ...values: Value[]): Promise<R | undefined> {
    return (await this.#query(text, values)).rows[0] as R | undefined;
  }

  async run(text: string, ...values: Value[]): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
  }

  async hasTable(name: string): Promise<boolean> {
    return (await this.get('SELECT 1 AS one WHERE to_regclass(?) IS NOT NULL', name)) !== undefined;
  }

  #query(text: string, values: Value[]): Promise<pg.QueryResult> {
    return this.#runs({ ...this.#placeholders.of(text), values });
  }
}
