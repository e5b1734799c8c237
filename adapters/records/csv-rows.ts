import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type { Problem } from '#proto';
import { byteOrderMark, type Encoding, StrictDecoder } from '../encodings.ts';
import { unreadable } from '../unreadable.ts';

export const CSV_LIMITS = {
  fileBytes: 256 * 1024 * 1024,
  rows: 50_000,
  /** Bytes of one row: what a row becomes has to fit into a submission. */
  rowBytes: 512 * 1024,
  columns: 1_000,
} as const;

/** How a platform writes its tables. */
export interface CsvOptions {
  /** One character; a comma when left out. */
  readonly delimiter?: string;
  /** One character; the double quote when left out. */
  readonly quote?: string;
  /** Of files without a byte order mark; UTF-8 when left out. */
  readonly encoding?: Encoding;
}

/** One row of a table, below the row with the names of the columns. */
export interface CsvRow {
  /** As a spreadsheet counts: the names of the columns are row 1. */
  readonly row: number;
  /** Text by the name of its column. */
  readonly document: Readonly<Record<string, string>>;
  /** Why this row alone cannot be used. */
  readonly problems: readonly Problem[];
}

/**
 * Rows of a table as they come, in bounded memory. Empty lines are passed over.
 *
 * @throws Unreadable ENCODING, MALFORMED, TOO_LARGE, TOO_MANY, REQUIRED, DUPLICATE: no later row can be found then
 */
export async function* csvRows(
  source: AsyncIterable<Uint8Array>,
  { delimiter = ',', quote = '"', encoding }: CsvOptions = {},
): AsyncGenerator<CsvRow> {
  const limits = { max_record_size: CSV_LIMITS.rowBytes, relax_column_count: true };
  const parser = parse({ delimiter, quote, ...limits });
  const feeding = feed(decoded(source, encoding), parser);
  let names: readonly string[] | undefined;
  let row = 0;
  try {
    for await (const values of parser as AsyncIterable<string[]>) {
      row += 1;
      if (row > CSV_LIMITS.rows) throw unreadable('TOO_MANY', `has more than ${CSV_LIMITS.rows} rows`);
      if (!names) names = columnNames(values);
      else if (values.length > 1 || values[0] !== '') yield rowOf(row, names, values);
    }
    if (!names) throw unreadable('REQUIRED', 'is empty: the first row has the names of the columns');
  } catch (error) {
    throw error instanceof CsvError ? inWords(error, row + 1) : error;
  } finally {
    parser.destroy();
    await feeding;
  }
}

/** Ends with the parser, whichever of them fails. */
async function feed(texts: AsyncIterable<string>, parser: ReturnType<typeof parse>): Promise<void> {
  await pipeline(Readable.from(texts), parser).catch(() => {});
}

async function* decoded(source: AsyncIterable<Uint8Array>, configured: Encoding | undefined): AsyncGenerator<string> {
  let decoder: StrictDecoder | undefined;
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > CSV_LIMITS.fileBytes) throw unreadable('TOO_LARGE', `is larger than ${CSV_LIMITS.fileBytes} bytes`);
    decoder ??= decoderFor(chunk, configured);
    yield decoder.decode(chunk, false);
  }
  yield decoder?.decode(new Uint8Array(), true) ?? '';
}

function decoderFor(first: Uint8Array, configured: Encoding | undefined): StrictDecoder {
  const mark = byteOrderMark(first);
  return new StrictDecoder(mark ?? configured ?? 'utf-8', (mark ?? configured) !== undefined);
}

function columnNames(values: readonly string[]): readonly string[] {
  const names = values.map((value) => value.trim());
  if (names.length > CSV_LIMITS.columns) throw unreadable('TOO_MANY', `has more than ${CSV_LIMITS.columns} columns`);
  const empty = names.indexOf('');
  if (empty >= 0) throw unreadable('REQUIRED', `has no name for column ${empty + 1} in its first row`);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) throw unreadable('DUPLICATE', `has the name of column ${twice + 1} twice in its first row`);
  return names;
}

function rowOf(row: number, names: readonly string[], values: readonly string[]): CsvRow {
  const document = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  if (values.length === names.length) return { row, document, problems: [] };
  const message = `has ${values.length} fields in row ${row}, and the first row has ${names.length}`;
  return { row, document, problems: [{ pointer: '', code: 'FIELDS', message }] };
}

/** The words of the parser repeat what stood in the file. */
function inWords(error: CsvError, row: number): Error {
  if (error.code === 'CSV_MAX_RECORD_SIZE')
    return unreadable('TOO_LARGE', `has a row of more than ${CSV_LIMITS.rowBytes} bytes: row ${row}`);
  return unreadable('MALFORMED', `has quotes that do not fit together, or was cut off: row ${row}`);
}
