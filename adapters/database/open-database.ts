import { PlatformError } from '../adapter.ts';
import type { Credentials } from './credentials.ts';
import type { Database } from './database.ts';
import { openMysql } from './mysql.ts';
import { openPostgres } from './postgres.ts';

/** Connects when the first statement asks for it. Must be closed by the caller. */
export function openDatabase(credentials: Credentials): Database {
  return credentials.server.kind === 'postgres' ? openPostgres(credentials) : openMysql(credentials);
}

/** A failure without the words of the server, which may repeat values. */
export class DatabaseFailure extends Error {
  readonly code: string;

  constructor(code: string) {
    super('the database did not answer as it should');
    this.code = code;
  }
}

/** What a failed statement means for an event or a file: words of the server, which may repeat values, are left out. */
export function asPlatformError(database: Database, error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const { code, isFinal, isCharacter } = database.dialect.fault(error);
  const why = isCharacter
    ? 'a text has a character for which the character set of its column has no place, or that is none'
    : `the database ${isFinal ? 'refuses the values' : 'did not do it'}`;
  return new PlatformError(!isFinal, `${why} (${code})`);
}
