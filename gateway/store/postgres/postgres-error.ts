import pg from 'pg';
import { CodedError } from '#proto';

/** SQLSTATE classes and codes of a server that goes away, is full, or gives up waiting: the same may go well later. */
const LATER = /^(08|53|57|58|40|55P03|25P03)/;
/** Of a server that ends the connection, or never took it. */
const GONE = /^(08|57P|25P03)/;

/**
 * A statement that PostgreSQL refused. Its own words may repeat values of the row, which are personal data: only the
 * code and the name of the rule are kept.
 */
export class StatementError extends Error {
  /** Five characters (PostgreSQL's table of SQLSTATE codes). */
  readonly sqlState: string;

  constructor(error: pg.DatabaseError) {
    const rule = error.constraint ?? error.table;
    super(`PostgreSQL refused a statement (SQLSTATE ${error.code}${rule === undefined ? '' : `, ${rule}`})`);
    this.name = 'StatementError';
    this.sqlState = error.code ?? '';
  }
}

/** Whether the connection is of no use any more; what was sent last may have been done or not. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return !(error instanceof CodedError || error instanceof RangeError);
  return GONE.test(error.code ?? '') || /FATAL|PANIC/.test(error.severity ?? '');
}

/** What callers are told: nothing that could name a value or a password. */
export function toldError(error: unknown): Error {
  if (error instanceof CodedError || error instanceof RangeError) return error;
  if (error instanceof pg.DatabaseError && !LATER.test(error.code ?? '') && !isGone(error))
    return new StatementError(error);
  return new CodedError('STORE_UNAVAILABLE', `the database cannot be used now (${reasonOf(error)}); it is tried again`);
}

/** @returns a code of PostgreSQL or of the system, never its words */
export function reasonOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (error instanceof pg.DatabaseError) return `SQLSTATE ${code}`;
  return typeof code === 'string' ? code : 'connection lost';
}
