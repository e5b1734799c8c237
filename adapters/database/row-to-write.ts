import { PlatformError } from '../adapter.ts';
import type { Bound } from './database.ts';
import { isColumnName, type OutTable } from './database-config.ts';

const MAX_COLUMNS = 200;

/** A row as a mapping words it, for one of the configured tables. */
export interface RowToWrite {
  readonly table: OutTable;
  readonly columns: readonly (readonly [name: string, value: Bound])[];
  /** Columns by which an existing row is changed instead of another one added; none: always another one. */
  readonly key: readonly string[];
}

/**
 * Reads the document of a mapping: `{ "table", "row": { COLUMN: VALUE }, "key": [COLUMN] }`. Names are held against the
 * configuration and a pattern, since they become part of a statement; values never do.
 *
 * @throws PlatformError final, which says what is wrong and no value
 */
export function readRow(document: unknown, tables: readonly OutTable[]): RowToWrite {
  const { table: name, row, key = [] } = objectOf(document, 'the document');
  const table = tables.find((one) => one.name === name);
  if (!table) throw refused('/table must be one of the tables of out in the configuration');
  const columns = readColumns(objectOf(row, '/row'), [table.event]);
  if (columns.length === 0) throw refused(`/row must have from 1 to ${MAX_COLUMNS} columns`);
  const values = new Map(columns);
  if (!Array.isArray(key) || key.some((column) => (values.get(column) ?? null) === null))
    throw refused('/key must be a list of columns of /row that have a value');
  return { table, columns, key: key as string[] };
}

/**
 * Columns as a mapping words them.
 *
 * @param ours those that the gateway itself fills
 * @throws PlatformError final, which says what is wrong and no value
 */
export function readColumns(row: Readonly<Record<string, unknown>>, ours: readonly string[]): RowToWrite['columns'] {
  const columns = Object.entries(row).map(([column, value]) => {
    if (!isColumnName(column)) throw refused('/row has a name that is no name of a column');
    if (ours.includes(column)) throw refused('/row must leave out the columns that the configuration names');
    return [column, boundOf(value)] as const;
  });
  if (columns.length > MAX_COLUMNS) throw refused(`/row must have from 1 to ${MAX_COLUMNS} columns`);
  return columns;
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${what} must be an object`);
  return value as Record<string, unknown>;
}

/** Lists and objects become JSON. */
function boundOf(value: unknown): Bound {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as string | number | boolean);
}

function refused(why: string): PlatformError {
  return new PlatformError(false, `the mapping made no row that can be written: ${why}`);
}
