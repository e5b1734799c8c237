/** A document that is no row: the message says why, never what stood there. */
export class NoTable extends Error {}

/**
 * A table of one document: an object whose members are text, numbers, booleans or empty, or a list of such objects with
 * the same members. Every field stands in quotes, and lines end as RFC 4180 says.
 *
 * @throws NoTable
 */
export function writeCsv(document: unknown, delimiter = ','): string {
  const rows = Array.isArray(document) ? document : [document];
  if (rows.length === 0 || !rows.every(isFlat))
    throw new NoTable('a table needs objects whose members are text or numbers');
  const names = Object.keys(rows[0] as object);
  const same = rows.every((row) => Object.keys(row).length === names.length && names.every((name) => name in row));
  if (names.length === 0 || !same) throw new NoTable('every row of a table needs the same members');
  const line = (values: readonly unknown[]) => `${values.map(quoted).join(delimiter)}\r\n`;
  return line(names) + rows.map((row) => line(names.map((name) => row[name]))).join('');
}

function quoted(value: unknown): string {
  return `"${String(value ?? '').replaceAll('"', '""')}"`;
}

function isFlat(row: unknown): row is Record<string, unknown> {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return false;
  return Object.values(row).every((value) => typeof value !== 'object' || value === null);
}
