import { SqliteConnection } from './sqlite-connection.ts';

/**
 * Writes a whole copy of a database as it is at one moment, whatever a running gateway writes meanwhile. What was
 * deleted is not in it.
 *
 * @param to file that does not exist yet
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const connection = new SqliteConnection(from, { readOnly: true });
  try {
    await connection.run('VACUUM INTO ?', to);
  } finally {
    connection.close();
  }
}

/** Brings everything that was committed into the file itself, so that nothing beside it matters. */
export function settleSqlite(path: string): void {
  const connection = new SqliteConnection(path);
  try {
    connection.truncateLog();
  } finally {
    connection.close();
  }
}
