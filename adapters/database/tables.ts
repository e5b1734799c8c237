import type { Problem } from '#proto';
import type { AdapterContext } from '../adapter.ts';
import type { Column, Database, Row, Session } from './database.ts';

/** How long the description of a table counts, in ms: a column that the platform adds shows after that. */
const FRESH_MS = 10_000;
/** Most that a row may have, in bytes, for it to be read: a document has at most 1 MiB of JSON. */
export const MAX_ROW_BYTES = 768 * 1024;
const MAX_JSON_CHARACTERS = 1024 * 1024;

/** The table is not there, without a column that is needed, or its watermark is neither time nor number. */
export class TableUnfit extends Error {
  readonly code: string;

  constructor(code: 'TABLE_MISSING' | 'COLUMN_MISSING' | 'WATERMARK_TYPE') {
    super('a table of the configuration is missing, or a column of it');
    this.code = code;
  }
}

/** Knows the columns of tables. */
export class Tables {
  readonly #database: Database;
  readonly #now: AdapterContext['now'];
  readonly #known = new Map<string, { readonly columns: readonly Column[]; readonly until: number }>();

  constructor(database: Database, now: AdapterContext['now']) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * The columns of a table, in order.
   *
   * @param needed names of columns that it must have
   * @throws TableUnfit
   */
  async columns(table: string, needed: readonly string[]): Promise<readonly Column[]> {
    let known = this.#known.get(table);
    if (!known || known.until <= this.#now()) {
      const { text, values } = this.#database.dialect.columns(table);
      const rows = await this.#database.rows<{ name: string; type: string; stamp: number }>(text, values);
      const { kindOf } = this.#database.dialect;
      const columns = rows.map(({ name, type, stamp }) => ({ name, kind: kindOf(type), isStamp: Number(stamp) === 1 }));
      known = { columns, until: this.#now() + FRESH_MS };
      this.#known.set(table, known);
    }
    const names = new Set(known.columns.map(({ name }) => name));
    if (names.size === 0) throw new TableUnfit('TABLE_MISSING');
    if (needed.some((name) => !names.has(name))) throw new TableUnfit('COLUMN_MISSING');
    return known.columns;
  }

  /** After a failure: the tables may not be what they were. */
  forget(): void {
    this.#known.clear();
  }
}

/** The expression that tells how many bytes the columns of a row have together, those with bytes left out. */
export function rowBytes({ dialect }: Database, columns: readonly Column[]): string {
  const parts = columns
    .filter(({ kind }) => kind === 'text' || kind === 'other')
    .map(({ name, kind }) => `coalesce(${dialect.bytesOf(dialect.quote(name), kind)}, 0)`);
  return parts.length > 0 ? parts.join(' + ') : '0';
}

/** What a document says of a row: its columns by name, without those that hold bytes and those of the claim. */
export function documentColumns(columns: readonly Column[], without: ReadonlySet<string>): readonly Column[] {
  return columns.filter(({ name, kind }) => kind !== 'bytes' && !without.has(name));
}

/** Placeholders for so many values. */
export function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/** A record in the words of the platform, for a mapping. */
export interface RowDocument {
  readonly table: string;
  readonly row: Row;
}

/** Why a row whose document became too long cannot be taken. */
export function tooLong(document: RowDocument): Problem[] {
  return JSON.stringify(document).length > MAX_JSON_CHARACTERS ? [oversize('/row')] : [];
}

/** Names every column that alone is too long, or the row. */
export async function oversizeProblems(
  session: Session,
  database: Database,
  place: { readonly table: string; readonly key: string; readonly columns: readonly Column[] },
  key: string | number,
): Promise<Problem[]> {
  const { quote, bytesOf } = database.dialect;
  const columns = place.columns.filter(({ kind }) => kind === 'text' || kind === 'other');
  const lengths = columns.map(({ name, kind }, n) => `${bytesOf(quote(name), kind)} AS c${n}`).join(', ');
  const text = `SELECT ${lengths} FROM ${quote(place.table)} WHERE ${quote(place.key)} = ?`;
  const [row] = await session.rows(text, [key]);
  const long = columns.filter((_, n) => Number(row?.[`c${n}`] ?? 0) > MAX_ROW_BYTES);
  return long.length > 0 ? long.map(({ name }) => oversize(`/row/${name}`)) : [oversize('/row')];
}

function oversize(pointer: string): Problem {
  return { pointer, code: 'TOO_LONG', message: `has more than ${MAX_ROW_BYTES / 1024} KiB and was not read` };
}
