import { MAX_ROW_BYTES } from './tables.ts';
import type { Candidate } from './taken-row.ts';

/** Most bytes of rows that are read at once. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The first rows of a table, in its order; `more` when it may have others behind them. */
export interface Page {
  readonly rows: readonly Candidate[];
  readonly more: boolean;
}

/**
 * One order over several tables: by the first column of the sequence, then by the place of the table in the
 * configuration (受理 before 过程 before 结果), then as within the table. Rows behind which another table may still have
 * earlier ones are left for the next time, and so are those that would be too many bytes.
 *
 * @param pages one for each table, in the order of the configuration
 * @param nullsFirst where the database sorts what is NULL
 */
export function inOrder(pages: readonly Page[], nullsFirst: boolean): Candidate[] {
  const compare = (a: Candidate, b: Candidate) => compareValues(a.place, b.place, nullsFirst) || a.table - b.table;
  const ends = pages.filter(({ more }) => more).map(({ rows }) => rows.at(-1)!);
  const known = pages
    .flatMap(({ rows }) => rows)
    .filter((row) => ends.every((end) => row.table === end.table || compare(row, end) <= 0))
    // Sorting is stable: within a table the order of the database stays.
    .sort(compare);
  let bytes = 0;
  const upTo = known.findIndex((row, n) => {
    bytes += row.bytes > MAX_ROW_BYTES ? 0 : row.bytes;
    return n > 0 && bytes > MAX_BYTES;
  });
  return upTo < 0 ? known : known.slice(0, upTo);
}

/** Numbers as numbers, everything else as the text of the database, which writes times so that they sort. */
function compareValues(a: unknown, b: unknown, nullsFirst: boolean): number {
  if (a === b) return 0;
  if (a == null || b == null) return (a == null) === nullsFirst ? -1 : 1;
  const [x, y] = [wholeNumber(a), wholeNumber(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function wholeNumber(value: unknown): bigint | undefined {
  return /^-?\d{1,38}$/.test(String(value)) ? BigInt(String(value)) : undefined;
}
