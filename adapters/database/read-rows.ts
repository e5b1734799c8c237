import type { Column, Database, Row, Session } from './database.ts';
import type { TableConfig } from './database-config.ts';
import { MAX_ROW_BYTES, oversizeProblems, places, rowBytes, tooLong } from './tables.ts';
import { type Candidate, type KeyValue, keyOf, laneOf, type TakenRow } from './taken-row.ts';

/** What it takes to read rows of one table as documents. */
export interface ReadableTable {
  readonly config: TableConfig;
  /** Of the documents. */
  readonly columns: readonly Column[];
  /** Of these, those that make no row another one: what we write into it changes them. */
  readonly unkeyed?: ReadonlySet<string>;
}

/** The columns of a candidate, by which the rows of a table are told in their order. */
export function candidateColumns(database: Database, config: TableConfig, by: string, all: readonly Column[]): string {
  const { quote } = database.dialect;
  const lane = config.case ? quote(config.case) : 'NULL';
  return `${quote(config.key)} AS k, ${lane} AS lane, ${quote(by)} AS place, ${rowBytes(database, all)} AS bytes`;
}

/** @param table place of the table in the configuration */
export function candidateOf(table: number, row: Row): Candidate {
  const key = row['k'] as KeyValue;
  const place = row['place'];
  const id = `${table}/${key}`;
  return { id, table, key, place, lane: laneOf(table, key, row['lane']), bytes: Number(row['bytes']) };
}

/**
 * Reads rows as documents. One that is too long or that the database cannot read is only named; of several with the same
 * key none counts.
 *
 * @param platform name of the platform
 */
export async function readRows(
  session: Session,
  database: Database,
  platform: string,
  { config, columns, unkeyed }: ReadableTable,
  candidates: readonly Candidate[],
): Promise<TakenRow[]> {
  const { quote } = database.dialect;
  const short = candidates.filter(({ bytes }) => bytes <= MAX_ROW_BYTES).map(({ key }) => key);
  const names = [config.key, ...columns.map(({ name }) => name)].map(quote);
  const selected = `SELECT ${names.map((name, n) => `${name} AS c${n}`).join(', ')} FROM ${quote(config.name)}`;
  const { rows, broken } = await rowsOf(
    short,
    (keys) => session.rows(`${selected} WHERE ${quote(config.key)} IN (${places(keys.length)})`, keys),
    (error) => database.dialect.fault(error).isFinal,
  );
  const byKey = Map.groupBy(rows, (row) => String(row['c0']));

  const taken: TakenRow[] = [];
  for (const candidate of candidates) {
    const { key, lane } = candidate;
    const same = byKey.get(String(key)) ?? [];
    const isLong = candidate.bytes > MAX_ROW_BYTES;
    const isBroken = broken.has(key);
    // Taken away by the platform meanwhile.
    if (same.length === 0 && !isLong && !isBroken) continue;
    const row = isLong || isBroken ? { [config.key]: key } : rowOf(columns, same[0]!);
    const document = { table: config.name, row };
    const problems = isLong
      ? await oversizeProblems(session, database, { table: config.name, key: config.key, columns }, key)
      : isBroken
        ? [UNREADABLE]
        : [...tooLong(document), ...(same.length > 1 ? [twice(config.key)] : [])];
    const kept = problems.length > 0 ? { table: config.name, row: { [config.key]: key } } : document;
    taken.push({ id: candidate.id, key: keyOf(platform, config, kept, unkeyed), lane, document: kept, problems });
  }
  return taken;
}

/** Rows by their keys; those that the database cannot read, and will not the next time, are found one by one. */
async function rowsOf(
  keys: readonly KeyValue[],
  read: (keys: readonly KeyValue[]) => Promise<Row[]>,
  isFinal: (error: unknown) => boolean,
): Promise<{ readonly rows: readonly Row[]; readonly broken: ReadonlySet<KeyValue> }> {
  if (keys.length === 0) return { rows: [], broken: new Set() };
  try {
    return { rows: await read(keys), broken: new Set() };
  } catch (error) {
    if (!isFinal(error)) throw error;
    if (keys.length === 1) return { rows: [], broken: new Set(keys) };
    const rows: Row[] = [];
    const broken = new Set<KeyValue>();
    for (const key of keys) {
      const one = await rowsOf([key], read, isFinal);
      rows.push(...one.rows);
      for (const missed of one.broken) broken.add(missed);
    }
    return { rows, broken };
  }
}

/** Times to the second, as everybody writes them down. */
function rowOf(columns: readonly Column[], row: Row): Row {
  const entries = columns.map(({ name, kind }, n) => {
    const value = row[`c${n + 1}`] ?? null;
    return [name, kind === 'time' && typeof value === 'string' ? value.replace(/\.\d+$/, '') : value] as const;
  });
  return Object.fromEntries(entries);
}

const UNREADABLE = {
  pointer: '/row',
  code: 'UNREADABLE',
  message: 'the database cannot read the row: a character that is none, or a value that a view cannot compute',
};

function twice(key: string) {
  return { pointer: `/row/${key}`, code: 'DUPLICATE', message: 'stands in several rows of the table' };
}
