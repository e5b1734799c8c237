import { CodedError } from '#proto';
import type { Reader } from '../store.ts';
import { PLAIN_VAULT, type Vault } from '../vault/vault.ts';
import { Placeholders } from './placeholders.ts';
import { toldError } from './postgres-error.ts';
import { postgresVersion } from './postgres-migrate.ts';
import { dropSession, openSession, type SessionOptions } from './session.ts';
import { Statements } from './statements.ts';

/**
 * Reads the database as it is at one moment, whatever a running gateway adds meanwhile. It takes nothing from that
 * gateway, but what is erased meanwhile stays in the database until the end.
 *
 * @throws CodedError NOT_FOUND when no gateway was ever started on it, STORE_UNAVAILABLE, CONFIG_INVALID
 */
export async function inPostgres<T>(
  options: SessionOptions,
  work: (read: Reader) => Promise<T>,
  vault: Vault = PLAIN_VAULT,
): Promise<T> {
  const session = await openSession({ ...options, readOnly: true, patient: true });
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { database } = options.config;
    if ((await postgresVersion(session)) === 0)
      throw new CodedError('NOT_FOUND', `the database ${database} is empty; has the gateway ever been started?`);
    return await work(new Statements(new Placeholders(), (query) => session.query(query), vault));
  } catch (error) {
    throw error instanceof Error ? toldError(error) : error;
  } finally {
    dropSession(session);
  }
}
