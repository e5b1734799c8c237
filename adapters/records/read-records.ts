import { extname } from 'node:path';
import type { Problem } from '#proto';
import { unreadable } from '../unreadable.ts';
import { readXml, type XmlOptions } from '../xml/read-xml.ts';
import { type CsvOptions, csvRows } from './csv-rows.ts';

/** Bytes of a JSON or XML document: it has to fit into a submission. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** What files hold: one document, or a table whose rows are documents. */
export type RecordFormat = 'json' | 'xml' | 'csv';

export interface RecordOptions {
  readonly xml?: XmlOptions;
  readonly csv?: CsvOptions;
}

/** One record in the platform's own words. */
export interface FoundRecord {
  readonly document: unknown;
  /** Of a table; the names of the columns are row 1. */
  readonly row?: number;
  /** Why this record alone cannot be used. */
  readonly problems: readonly Problem[];
}

/** By the ending of a file's name; undefined when it is none of these. */
export function recordFormat(name: string): RecordFormat | undefined {
  const ending = extname(name).slice(1).toLowerCase();
  return ending === 'json' || ending === 'xml' || ending === 'csv' ? ending : undefined;
}

/**
 * Every record of a file.
 *
 * @throws Unreadable when it cannot be read at all
 */
export async function readRecords(bytes: Uint8Array, format: RecordFormat, options: RecordOptions = {}) {
  if (format !== 'csv') return [{ document: readDocument(bytes, format, options), problems: [] }];
  const found: FoundRecord[] = [];
  for await (const row of csvRows(inPieces(bytes), options.csv)) found.push(row);
  return found;
}

/** @throws Unreadable */
export function readDocument(bytes: Uint8Array, format: 'json' | 'xml', { xml }: RecordOptions): unknown {
  return format === 'xml' ? readXml(bytes, MAX_DOCUMENT_BYTES, xml) : parseJson(bytes);
}

/** @throws Unreadable ENCODING, FORMAT */
export function parseJson(bytes: Uint8Array): unknown {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('ENCODING', 'is not UTF-8; save it as UTF-8');
  }
  try {
    return JSON.parse(content);
  } catch {
    throw unreadable('FORMAT', 'is not JSON, or not all of it was there; place it by renaming a finished file');
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
