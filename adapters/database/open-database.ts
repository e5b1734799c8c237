import { PlatformError } from '../adapter.ts';
import type { Credentials } from './credentials.ts';
import type { Database } from './database.ts';

/** Loads the client of that kind of server, which connects when the first statement asks for it. Must be closed by the caller. */
export async function openDatabase(credentials: Credentials): Promise<Database> {
  if (credentials.server.kind === 'postgres') return (await import('./postgres.ts')).openPostgres(credentials);
  return (await import('./mysql.ts')).openMysql(credentials);
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
