import type { AdapterContext } from '../adapter.ts';
import type { Bound, Database, Session } from './database.ts';
import type { IntakeConfig, TableConfig } from './database-config.ts';
import { inOrder, type Page } from './in-order.ts';
import { candidateColumns, candidateOf, type ReadableTable, readRows } from './read-rows.ts';
import { documentColumns, places, type RowDocument, type Tables } from './tables.ts';
import type { Candidate, RowEnd, RowFeed, Settled, TakenRow } from './taken-row.ts';

/** What a table needs for the claim, by the names of adapters/database/ddl; no part of a document. */
const CLAIM_COLUMNS = [
  'exchange_state',
  'claimed_by',
  'claimed_at',
  'retry_at',
  'tries',
  'error_code',
  'error_detail',
  'conversation',
  'case_number',
  'finished_at',
] as const;
const WITHOUT: ReadonlySet<string> = new Set(CLAIM_COLUMNS);

const DEFAULT_BATCH = 200;
const DEFAULT_LEASE_MS = 60_000;
/** Rows whose end is written by one statement. */
const ENDS_AT_ONCE = 100;
const MAX_DETAIL = 4_000;
/** Rows that refuse their claim, of which the log has been told. */
const TOLD_REFUSALS = 1_000;

/** The ends of one kind with what is written of each. */
interface Written {
  readonly key: string | number;
  readonly values: readonly (string | null)[];
}

/**
 * Rows of staging tables (前置库), which are claimed before they are handed in and answered in their own columns. A claim
 * that nobody renews ends with its lease; those of this gateway from before a restart end at once.
 */
export class ClaimFeed implements RowFeed {
  readonly #database: Database;
  readonly #tables: Tables;
  readonly #platform: string;
  /** Who claims, as the rows say it. */
  readonly #owner: string;
  readonly #config: readonly TableConfig[];
  readonly #log: AdapterContext['log'];
  readonly #batch: number;
  readonly #leaseMs: number;
  /** Perhaps claimed, but not read because something failed in between. */
  #doubtful: readonly Candidate[] = [];
  /** Rows that refused their claim. */
  readonly #refusing = new Set<string>();
  /** Keys of the rows that were taken and have no end yet. */
  readonly #taken = new Map<string, { readonly table: number; readonly key: string | number }>();

  /** @param owner the same after every restart, and nobody else's */
  constructor(
    database: Database,
    tables: Tables,
    platform: string,
    owner: string,
    config: IntakeConfig,
    log: AdapterContext['log'],
  ) {
    this.#database = database;
    this.#tables = tables;
    this.#platform = platform;
    this.#owner = owner;
    this.#config = config.tables;
    this.#log = log;
    this.#batch = config.batch ?? DEFAULT_BATCH;
    this.#leaseMs = config.lease_ms ?? DEFAULT_LEASE_MS;
  }

  /** How often `keep` has to be called, in ms. */
  get keepMs(): number {
    return this.#leaseMs / 3;
  }

  async open(): Promise<void> {
    for (const table of this.#config) {
      await this.#columns(table);
      // Rows that wait for another try count as well: after a restart nobody remembers which of a case came first.
      const text = `UPDATE ${this.#quote(table.name)} SET exchange_state = 'new', claimed_by = NULL, retry_at = NULL
        WHERE claimed_by = ? AND exchange_state IN ('new', 'claimed')`;
      await this.#database.run(text, [this.#owner]);
    }
    await this.keep();
  }

  async keep(): Promise<void> {
    const { now, ago } = this.#database.dialect;
    for (const { name } of this.#config) {
      const table = this.#quote(name);
      const renew = `UPDATE ${table} SET claimed_at = ${now} WHERE exchange_state = 'claimed' AND claimed_by = ?`;
      await this.#database.run(renew, [this.#owner]);
      const expire = `UPDATE ${table} SET exchange_state = 'new', claimed_by = NULL
        WHERE exchange_state = 'claimed' AND (claimed_by IS NULL OR claimed_by <> ?) AND (claimed_at IS NULL OR claimed_at < ${ago})`;
      await this.#database.run(expire, [this.#owner, this.#leaseMs]);
    }
  }

  async take(): Promise<TakenRow[]> {
    await this.#letGoOfDoubtful();
    const pages: Page[] = [];
    for (const [index, table] of this.#config.entries()) pages.push(await this.#page(index, table));
    const candidates = inOrder(pages, this.#database.dialect.nullsFirst);
    if (candidates.length === 0) return [];
    this.#doubtful = candidates;
    const claimed = await this.#claimOf(candidates, new Set());
    const rows = await this.#read(claimed);
    for (const { id, table, key } of claimed) this.#taken.set(id, { table, key });
    this.#doubtful = claimed.filter(({ id }) => !rows.some((row) => row.id === id));
    return rows;
  }

  async settle(ends: readonly Settled[]): Promise<void> {
    await this.#database.unit(async (session) => {
      for (const [index, table] of this.#config.entries()) {
        const own = ends.flatMap(({ id, end }) => {
          const row = this.#taken.get(id);
          return row?.table === index ? [{ key: row.key, end }] : [];
        });
        await this.#write(session, table, own);
      }
    });
    for (const { id } of ends) this.#taken.delete(id);
  }

  async mend(key: string, document: unknown, end: Extract<RowEnd, { as: 'done' }>): Promise<void> {
    const { table: name, row } = (document ?? {}) as Partial<RowDocument>;
    const index = this.#config.findIndex((table) => table.name === name);
    const config = this.#config[index];
    const value = config && row?.[config.key];
    if (!config || (typeof value !== 'string' && typeof value !== 'number')) return;
    const readable = await this.#readable(config);
    const text = `SELECT ${candidateColumns(this.#database, config, config.sequence![0]!, readable.columns)} FROM ${this.#quote(config.name)}
      WHERE ${this.#quote(config.key)} = ? AND exchange_state = 'failed' AND claimed_by = ? ${this.#database.dialect.lock()}`;
    await this.#database.unit(async (session) => {
      const found = (await session.rows(text, [value, this.#owner])).map((one) => candidateOf(index, one));
      const [same, ...more] = await readRows(session, this.#database, this.#platform, readable, found);
      if (same?.key !== key || more.length > 0) return;
      const written = { key: value, values: [end.conversation, end.caseNumber, null, null] };
      await this.#end(session, config, ['failed', 'done'], [written]);
    });
  }

  async #page(index: number, table: TableConfig): Promise<Page> {
    const columns = documentColumns(await this.#columns(table), WITHOUT);
    const { now } = this.#database.dialect;
    const order = [...table.sequence!, table.key].map((name) => this.#quote(name)).join(', ');
    const text = `SELECT ${candidateColumns(this.#database, table, table.sequence![0]!, columns)} FROM ${this.#quote(table.name)}
      WHERE exchange_state = 'new' AND (retry_at IS NULL OR retry_at <= ${now}) ORDER BY ${order} LIMIT ${this.#batch}`;
    const found = (await this.#database.rows(text)).map((row) => candidateOf(index, row));
    const rows = [...new Map(found.map((row) => [row.id, row])).values()];
    return { rows, more: found.length === this.#batch };
  }

  /**
   * Claims what can be, in one unit of work; where a row refuses its claim, by a check or a trigger of the platform, it is
   * found and left, and keeps back those behind it in its lane.
   *
   * @param blocked lanes that are kept back already
   */
  async #claimOf(candidates: readonly Candidate[], blocked: Set<string>): Promise<Candidate[]> {
    const open = candidates.filter(({ lane }) => !blocked.has(lane));
    if (open.length === 0) return [];
    try {
      const claimed = await this.#database.unit((session) => this.#claim(session, open));
      for (const { id } of claimed) this.#refusing.delete(id);
      const ids = new Set(claimed.map(({ id }) => id));
      for (const { id, lane } of open) if (!ids.has(id)) blocked.add(lane);
      return claimed;
    } catch (error) {
      const { code, isFinal } = this.#database.dialect.fault(error);
      if (!isFinal) throw error;
      if (open.length === 1) {
        blocked.add(open[0]!.lane);
        this.#tellRefusal(open[0]!, code);
        return [];
      }
      const half = Math.ceil(open.length / 2);
      const first = await this.#claimOf(open.slice(0, half), blocked);
      return [...first, ...(await this.#claimOf(open.slice(half), blocked))];
    }
  }

  /** Says it once of each row, as long as it refuses. */
  #tellRefusal({ id }: Candidate, code: string): void {
    if (this.#refusing.has(id)) return;
    if (this.#refusing.size >= TOLD_REFUSALS) this.#refusing.clear();
    this.#refusing.add(id);
    this.#log.error(
      { adapter: this.#platform, code },
      'a row refuses to be claimed and is left, and with it those behind it in its case; look for a check or a trigger of its table',
    );
  }

  /**
   * Claims what can be. A row that the platform holds locked, because it is changing it, keeps back the rows behind it in
   * its lane.
   */
  async #claim(session: Session, candidates: readonly Candidate[]): Promise<Candidate[]> {
    const free = new Set<string>();
    for (const [index, keys] of byTable(candidates)) {
      const table = this.#config[index]!;
      const text = `SELECT ${this.#quote(table.key)} AS k FROM ${this.#quote(table.name)}
        WHERE ${this.#quote(table.key)} IN (${places(keys.length)}) AND exchange_state = 'new' ${this.#database.dialect.lock()}`;
      for (const row of await session.rows(text, keys)) free.add(`${index}/${row['k']}`);
    }
    const blocked = new Set<string>();
    const claimed = candidates.filter(({ id, lane }) => {
      if (!free.has(id)) blocked.add(lane);
      return !blocked.has(lane);
    });
    for (const [index, keys] of byTable(claimed)) {
      const table = this.#config[index]!;
      const text = `UPDATE ${this.#quote(table.name)} SET exchange_state = 'claimed', claimed_by = ?,
        claimed_at = ${this.#database.dialect.now}, retry_at = NULL, tries = tries + 1 WHERE ${this.#quote(table.key)} IN (${places(keys.length)})`;
      await session.run(text, [this.#owner, ...keys]);
    }
    return claimed;
  }

  async #read(claimed: readonly Candidate[]): Promise<TakenRow[]> {
    const rows = new Map<string, TakenRow>();
    for (const [index] of byTable(claimed)) {
      const config = this.#config[index]!;
      const own = claimed.filter(({ table }) => table === index);
      const readable = await this.#readable(config);
      for (const row of await readRows(this.#database, this.#database, this.#platform, readable, own))
        rows.set(row.id, row);
    }
    return claimed.flatMap(({ id }) => rows.get(id) ?? []);
  }

  async #letGoOfDoubtful(): Promise<void> {
    for (const [index, keys] of byTable(this.#doubtful)) {
      const table = this.#config[index]!;
      const text = `UPDATE ${this.#quote(table.name)} SET exchange_state = 'new', claimed_by = NULL
        WHERE ${this.#quote(table.key)} IN (${places(keys.length)}) AND claimed_by = ? AND exchange_state = 'claimed'`;
      await this.#database.run(text, [...keys, this.#owner]);
    }
    this.#doubtful = [];
  }

  async #write(
    session: Session,
    table: TableConfig,
    ends: readonly { readonly key: string | number; readonly end: RowEnd }[],
  ): Promise<void> {
    const done: Written[] = [];
    const failed: Written[] = [];
    for (const { key, end } of ends) {
      if (end.as === 'done') done.push({ key, values: [end.conversation, end.caseNumber, null, null] });
      if (end.as === 'failed') failed.push({ key, values: ['', '', end.code, detailOf(end)] });
      if (end.as === 'later') await this.#postpone(session, table, key, end);
    }
    for (const [state, written] of [
      ['done', done],
      ['failed', failed],
    ] as const)
      for (let from = 0; from < written.length; from += ENDS_AT_ONCE)
        await this.#end(session, table, ['claimed', state], written.slice(from, from + ENDS_AT_ONCE));
  }

  /** @param states what the rows are, and what they become */
  async #end(
    session: Session,
    table: TableConfig,
    [from, to]: readonly ['claimed' | 'failed', 'done' | 'failed'],
    rows: readonly Written[],
  ): Promise<void> {
    const key = this.#quote(table.key);
    const columns = ['conversation', 'case_number', 'error_code', 'error_detail'];
    const values: Bound[] = [];
    const sets = columns.map((column, n) => {
      if (rows.every((row) => !row.values[n])) return `${column} = NULL`;
      for (const row of rows) values.push(row.key, row.values[n]!);
      return `${column} = CASE ${key} ${rows.map(() => 'WHEN ? THEN ?').join(' ')} END`;
    });
    const text = `UPDATE ${this.#quote(table.name)} SET exchange_state = '${to}', finished_at = ${this.#database.dialect.now},
      ${sets.join(', ')} WHERE ${key} IN (${places(rows.length)}) AND claimed_by = ? AND exchange_state = '${from}'`;
    await session.run(text, [...values, ...rows.map((row) => row.key), this.#owner]);
  }

  /** The owner stays, so that a restart finds the row. */
  async #postpone(
    session: Session,
    table: TableConfig,
    key: string | number,
    { delayMs, code }: Extract<RowEnd, { as: 'later' }>,
  ): Promise<void> {
    const text = `UPDATE ${this.#quote(table.name)} SET exchange_state = 'new', error_code = ?, retry_at = ${this.#database.dialect.ahead}
      WHERE ${this.#quote(table.key)} = ? AND claimed_by = ? AND exchange_state = 'claimed'`;
    await session.run(text, [code, delayMs, key, this.#owner]);
  }

  /** A claim is a change as well: when the row was changed last makes it no other submission. */
  async #readable(config: TableConfig): Promise<ReadableTable> {
    const columns = documentColumns(await this.#columns(config), WITHOUT);
    const stamps = columns.filter(({ isStamp }) => isStamp);
    return { config, columns, unkeyed: new Set(stamps.map(({ name }) => name)) };
  }

  #columns(table: TableConfig) {
    const { key, case: lane, sequence, version } = table;
    const needed = [key, ...(lane ? [lane] : []), ...(sequence ?? []), ...(version ?? []), ...CLAIM_COLUMNS];
    return this.#tables.columns(table.name, needed);
  }

  #quote(name: string): string {
    return this.#database.dialect.quote(name);
  }
}

function byTable(candidates: readonly Candidate[]): [number, (string | number)[]][] {
  const groups = Map.groupBy(candidates, ({ table }) => table);
  return [...groups].map(([table, rows]) => [table, [...new Set(rows.map(({ key }) => key))]]);
}

/** JSON in ASCII, which every character set of a table holds; problems that no longer fit are left out. */
function detailOf({ message, problems }: Extract<RowEnd, { as: 'failed' }>): string {
  for (let count = problems.length; count >= 0; count -= 1) {
    const json = JSON.stringify({ message: message.slice(0, 300), problems: problems.slice(0, count) });
    const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    if (ascii.length <= MAX_DETAIL) return ascii;
  }
  return '';
}
