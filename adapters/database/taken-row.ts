import { createHash } from 'node:crypto';
import type { ErrorCode, Problem } from '#proto';
import type { TableConfig } from './database-config.ts';
import type { RowDocument } from './tables.ts';

export type KeyValue = string | number;

/** A row that the platform offers, before it is read. */
export interface Candidate {
  /** The row as its feed knows it, alone among those under way. */
  readonly id: string;
  /** Place of its table in the configuration. */
  readonly table: number;
  readonly key: KeyValue;
  /** Rows of one lane keep their order. */
  readonly lane: string;
  /** What compares it with rows of other tables: a number, or text that sorts. */
  readonly place: unknown;
  readonly bytes: number;
}

/** A row that is to be handed in. */
export interface TakenRow {
  /** As of its candidate. */
  readonly id: string;
  /** Idempotency key. */
  readonly key: string;
  readonly lane: string;
  readonly document: RowDocument;
  /** Why it could not be read. */
  readonly problems: readonly Problem[];
}

/** What became of a row. */
export type RowEnd =
  | { readonly as: 'done'; readonly conversation: string; readonly caseNumber: string }
  | { readonly as: 'failed'; readonly code: ErrorCode; readonly message: string; readonly problems: readonly Problem[] }
  /** Offered again, not before a time in ms has passed. */
  | { readonly as: 'later'; readonly delayMs: number; readonly code: string };

export interface Settled {
  readonly id: string;
  readonly end: RowEnd;
}

/** Where rows come from, and where it is told what became of them. */
export interface RowFeed {
  /** How often `keep` has to be called, in ms. */
  readonly keepMs: number;
  /** Prepares the first taking. Called again until it succeeds. */
  open(): Promise<void>;
  /** The next rows in their order, those of one lane never before what precedes them; none when nothing waits. */
  take(): Promise<TakenRow[]>;
  /** All of them or none; called again with the same after a failure. */
  settle(ends: readonly Settled[]): Promise<void>;
  /** Says that the rows that were taken are still in hand. */
  keep(): Promise<void>;
  /**
   * Ends a row as done that had failed, unless it was changed since. Absent where rows are only read.
   *
   * @param key idempotency key of the row as it failed
   */
  mend?(key: string, document: unknown, end: Extract<RowEnd, { as: 'done' }>): Promise<void>;
}

/**
 * The same for the same state of a row, also after a restart: a row that the platform corrects is a new submission. A
 * column that is added with nothing in it changes no key.
 *
 * @param platform name of the platform
 * @param unkeyed columns that count only where `version` names them
 */
export function keyOf(
  platform: string,
  { name, key, version }: TableConfig,
  { row }: RowDocument,
  unkeyed: ReadonlySet<string> = new Set(),
): string {
  const all = Object.keys(row).filter((column) => !unkeyed.has(column));
  const columns = version ? [key, ...version] : all.sort();
  const parts = columns.filter((column) => row[column] != null).map((column) => [column, row[column]]);
  return createHash('sha256')
    .update(JSON.stringify([platform, name, row[key], parts]))
    .digest('hex');
}

/** Rows whose case is not known stand for themselves. */
export function laneOf(table: number, key: KeyValue, caseNumber: unknown): string {
  return caseNumber == null || caseNumber === '' ? `${table}/${key}` : `case/${caseNumber}`;
}
