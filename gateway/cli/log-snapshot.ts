import { stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { SqliteConnection } from '../store/sqlite-connection.ts';
import { configIn } from './gateway-folder.ts';

/**
 * Reads the database of a gateway as it is at one moment, whatever a running gateway adds meanwhile.
 *
 * @throws CodedError NOT_FOUND when there is none, CONFIG_INVALID
 */
export async function inSnapshot<T>(gateway: string, work: (read: SqliteConnection) => Promise<T>): Promise<T> {
  const { store } = await configIn(gateway);
  const connection = await openReadOnly(store.path);
  try {
    connection.execute('BEGIN');
    return await work(connection);
  } finally {
    connection.close();
  }
}

async function openReadOnly(path: string): Promise<SqliteConnection> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new CodedError('NOT_FOUND', `there is no database at ${path}; has the gateway ever been started?`);
  try {
    return new SqliteConnection(path, { readOnly: true });
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `cannot open the database ${path}`, [], { cause });
  }
}
