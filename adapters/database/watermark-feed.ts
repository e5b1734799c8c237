import type { AdapterContext, AdapterState } from '../adapter.ts';
import type { Bound, Column, Database, Row } from './database.ts';
import type { IntakeConfig, TableConfig } from './database-config.ts';
import { inOrder, type Page } from './in-order.ts';
import { candidateColumns, candidateOf, readRows } from './read-rows.ts';
import { documentColumns, type Tables, TableUnfit } from './tables.ts';
import type { Candidate, KeyValue, RowFeed, Settled, TakenRow } from './taken-row.ts';

const DEFAULT_BATCH = 200;
/** Below the newest watermark, in seconds or numbers. */
const DEFAULT_OVERLAP = 600;
/** How often the overlap is looked through, in ms. */
const SWEEP_MS = 30_000;
/** Rows read beyond one that has no end yet, by table. */
const MAX_AHEAD = 20_000;
/** Rows of the overlap that are known to have been taken; what was forgotten is handed in again, to no effect. */
const MAX_SEEN = 100_000;
const KEEP_MS = 60_000;
const NOTHING: ReadonlySet<string> = new Set();

interface Position {
  readonly at: string | number;
  readonly key: KeyValue;
}

/** How far a table has been read. */
interface Progress {
  /** The last row that was read; rows behind it are next. */
  read: Position | undefined;
  /** Where to begin below `read` after a start, for what was committed late. */
  overlaps: boolean;
  /** Everything up to here has its end; kept by the gateway. */
  ended: Position | undefined;
  /** The rows behind `ended` that were read, in order; before them those that were committed late, which hold it. */
  readonly open: { readonly id: string; readonly position: Position | undefined; isEnded: boolean }[];
  sweptAt: number;
}

/** A row in hand, or one that waits for another try. */
interface Held {
  readonly candidate: Candidate;
  /** In ms since 1970; undefined while it is in hand. */
  dueAt: number | undefined;
}

/**
 * Tables in which nothing may be written: rows are read in the order of a column that grows with every change
 * (水位线). The gateway keeps how far all is done. Below that the overlap is read again, because a transaction that began
 * earlier may commit later; idempotency keys make of a row that comes twice one that came once.
 */
export class WatermarkFeed implements RowFeed {
  readonly keepMs = KEEP_MS;
  readonly #database: Database;
  readonly #tables: Tables;
  readonly #platform: string;
  readonly #config: readonly TableConfig[];
  readonly #batch: number;
  readonly #state: AdapterState;
  readonly #now: AdapterContext['now'];
  readonly #progress: Progress[] = [];
  readonly #held = new Map<string, Held>();
  readonly #seen = new Set<string>();
  #written = '';

  constructor(
    database: Database,
    tables: Tables,
    platform: string,
    config: IntakeConfig,
    { state, now }: { readonly state: AdapterState; readonly now: AdapterContext['now'] },
  ) {
    this.#database = database;
    this.#tables = tables;
    this.#platform = platform;
    this.#config = config.tables;
    this.#batch = config.batch ?? DEFAULT_BATCH;
    this.#state = state;
    this.#now = now;
  }

  async open(): Promise<void> {
    for (const table of this.#config) await this.#columns(table);
    this.#written = (await this.#state.read()) ?? '{}';
    const known = JSON.parse(this.#written) as Record<string, Position | undefined>;
    this.#progress.length = 0;
    for (const { name } of this.#config) {
      const ended = known[name];
      this.#progress.push({ read: ended, overlaps: true, ended, open: [], sweptAt: this.#now() });
    }
  }

  async keep(): Promise<void> {}

  async take(): Promise<TakenRow[]> {
    const due = await this.#due();
    if (due.length > 0) return due;
    const pages: Page[] = [];
    for (const index of this.#config.keys()) pages.push(await this.#forward(index));
    const next = inOrder(pages, this.#database.dialect.nullsFirst);
    if (next.length === 0) return this.#sweep();
    const rows = await this.#read(next);
    for (const candidate of next) this.#passed(candidate, rows);
    return this.#inHand(next, rows);
  }

  async settle(ends: readonly Settled[]): Promise<void> {
    for (const { id, end } of ends) {
      const held = this.#held.get(id);
      if (!held) continue;
      if (end.as === 'later') held.dueAt = this.#now() + end.delayMs;
      else this.#end(held.candidate);
    }
    const kept = Object.fromEntries(this.#config.map(({ name }, n) => [name, this.#progress[n]?.ended]));
    const text = JSON.stringify(kept);
    if (text === this.#written) return;
    await this.#state.write(text);
    this.#written = text;
  }

  /** Rows behind the last one that was read. */
  async #forward(index: number): Promise<Page> {
    const progress = this.#progress[index]!;
    if (progress.open.length >= MAX_AHEAD) return { rows: [], more: false };
    const table = this.#config[index]!;
    const columns = await this.#columns(table);
    const [mark, key] = [this.#quote(table.watermark!), this.#quote(table.key)];
    const { read, overlaps } = progress;
    if (!read) {
      const since = table.since ?? null;
      return this.#page(
        index,
        columns,
        since === null ? `${mark} IS NOT NULL` : `${mark} >= ?`,
        since === null ? [] : [since],
      );
    }
    if (overlaps)
      return this.#page(index, columns, `${mark} >= ${this.#below(table, columns)}`, [read.at, overlapOf(table)]);
    return this.#page(index, columns, `(${mark} > ? OR (${mark} = ? AND ${key} > ?))`, [read.at, read.at, read.key]);
  }

  /** Rows that were committed late: in the overlap, and never seen. */
  async #sweep(): Promise<TakenRow[]> {
    for (const [index, table] of this.#config.entries()) {
      const progress = this.#progress[index]!;
      const { read } = progress;
      if (!read || this.#now() - progress.sweptAt < SWEEP_MS) continue;
      const columns = await this.#columns(table);
      const [mark, key] = [this.#quote(table.watermark!), this.#quote(table.key)];
      let where = `${mark} >= ${this.#below(table, columns)}`;
      let values: Bound[] = [read.at, overlapOf(table)];
      for (;;) {
        const { rows, more } = await this.#page(index, columns, `${where} AND ${mark} <= ?`, [...values, read.at]);
        const late = rows.filter(({ id }) => !this.#seen.has(id));
        if (late.length > 0) return this.#late(progress, late, await this.#read(late));
        if (!more) break;
        const last = positionOf(rows.at(-1)!);
        where = `(${mark} > ? OR (${mark} = ? AND ${key} > ?))`;
        values = [last.at, last.at, last.key];
      }
      progress.sweptAt = this.#now();
    }
    return [];
  }

  /** Until they have their end a start reads again from where they are found. */
  #late(progress: Progress, candidates: readonly Candidate[], rows: readonly TakenRow[]): TakenRow[] {
    const taken = this.#inHand(candidates, rows);
    progress.open.unshift(...taken.map(({ id }) => ({ id, position: progress.ended, isEnded: false })));
    return taken;
  }

  async #page(index: number, columns: readonly Column[], where: string, values: readonly Bound[]): Promise<Page> {
    const table = this.#config[index]!;
    const [mark, key] = [this.#quote(table.watermark!), this.#quote(table.key)];
    const document = documentColumns(columns, NOTHING);
    const text = `SELECT ${candidateColumns(this.#database, table, table.watermark!, document)} FROM ${this.#quote(table.name)}
      WHERE ${where} ORDER BY ${mark}, ${key} LIMIT ${this.#batch}`;
    const rows = (await this.#database.rows(text, values)).map((row) => withMark(candidateOf(index, row), row));
    return { rows, more: rows.length === this.#batch };
  }

  async #read(candidates: readonly Candidate[]): Promise<TakenRow[]> {
    const rows: TakenRow[] = [];
    for (const [index, config] of this.#config.entries()) {
      const own = candidates.filter(({ table }) => table === index);
      if (own.length === 0) continue;
      const columns = documentColumns(await this.#columns(config), NOTHING);
      rows.push(...(await readRows(this.#database, this.#database, this.#platform, { config, columns }, own)));
    }
    return rows;
  }

  /** Reading goes on behind this row. */
  #passed(candidate: Candidate, rows: readonly TakenRow[]): void {
    const progress = this.#progress[candidate.table]!;
    const isEnded = this.#seen.has(candidate.id) || !rows.some(({ id }) => id === candidate.id);
    const position = positionOf(candidate);
    progress.read = position;
    progress.overlaps = false;
    progress.open.push({ id: candidate.id, position, isEnded });
    this.#advance(progress);
  }

  /** @returns the rows that are not in hand already, in order */
  #inHand(candidates: readonly Candidate[], rows: readonly TakenRow[]): TakenRow[] {
    return candidates.flatMap((candidate) => {
      const row = rows.find(({ id }) => id === candidate.id);
      if (!row || this.#seen.has(candidate.id)) return [];
      this.#see(candidate.id);
      this.#held.set(candidate.id, { candidate, dueAt: undefined });
      return [row];
    });
  }

  /** Rows that are to be offered again; those that are gone have their end. */
  async #due(): Promise<TakenRow[]> {
    const due = [...this.#held.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= this.#now());
    const held = due.slice(0, this.#batch);
    if (held.length === 0) return [];
    const candidates = held.map(({ candidate }) => candidate);
    const rows = await this.#read(candidates);
    for (const one of held) {
      if (rows.some(({ id }) => id === one.candidate.id)) one.dueAt = undefined;
      else this.#end(one.candidate);
    }
    return candidates.flatMap(({ id }) => rows.find((row) => row.id === id) ?? []);
  }

  #end({ id, table }: Candidate): void {
    this.#held.delete(id);
    const progress = this.#progress[table]!;
    const open = progress.open.find((one) => one.id === id);
    if (open) open.isEnded = true;
    this.#advance(progress);
  }

  #advance(progress: Progress): void {
    const first = progress.open.findIndex(({ isEnded }) => !isEnded);
    const ended = progress.open.splice(0, first < 0 ? progress.open.length : first);
    progress.ended = ended.at(-1)?.position ?? progress.ended;
  }

  #see(id: string): void {
    this.#seen.add(id);
    if (this.#seen.size <= MAX_SEEN) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest!);
  }

  /** The expression for where the overlap begins. */
  #below(table: TableConfig, columns: readonly Column[]): string {
    const kind = columns.find(({ name }) => name === table.watermark)!.kind;
    if (kind !== 'time' && kind !== 'number') throw new TableUnfit('WATERMARK_TYPE');
    return this.#database.dialect.before(kind);
  }

  #columns({ name, key, case: lane, watermark, version }: TableConfig): Promise<readonly Column[]> {
    return this.#tables.columns(name, [key, ...(lane ? [lane] : []), watermark!, ...(version ?? [])]);
  }

  #quote(name: string): string {
    return this.#database.dialect.quote(name);
  }
}

/** A row that was changed has another watermark, and is another row to us. */
function withMark(candidate: Candidate, row: Row): Candidate {
  return { ...candidate, id: `${candidate.id}/${row['place']}` };
}

function positionOf({ place, key }: Candidate): Position {
  return { at: place as string | number, key };
}

function overlapOf({ overlap }: TableConfig): number {
  return overlap ?? DEFAULT_OVERLAP;
}
