import { type AdapterContext, type DeliverySink, PlatformError } from '../adapter.ts';
import { mappedSink } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Database, Session } from './database.ts';
import type { OutTable } from './database-config.ts';
import { asPlatformError } from './open-database.ts';
import { type RowToWrite, readRow } from './row-to-write.ts';
import { places } from './tables.ts';

/**
 * Writes what happened as rows of staging tables, one transaction for each, with the id of the event: one that is there
 * already is left as it is.
 */
export function databaseSink(
  database: Database,
  tables: readonly OutTable[],
  mapping: Mapping,
  context: AdapterContext,
): DeliverySink {
  /** Attempts that nobody waits for any more, by id: the next one must not run beside them. */
  const underWay = new Map<string, Promise<unknown>>();

  async function write(id: string, row: RowToWrite): Promise<{ readonly written: boolean }> {
    await underWay.get(id)?.catch(() => {});
    const writing = database.unit((session) => writeOnce(session, database, id, row));
    underWay.set(id, writing);
    try {
      return { written: await writing };
    } catch (error) {
      if (database.dialect.fault(error).isDuplicate && (await isThere(database, database, id, row)))
        return { written: false };
      throw error;
    } finally {
      if (underWay.get(id) === writing) underWay.delete(id);
    }
  }

  return mappedSink(mapping, context, async ({ id, document }, signal) => {
    if (signal.aborted) throw brokenOff();
    const row = readRow(document, tables);
    try {
      return await orBrokenOff(write(id, row), signal);
    } catch (error) {
      throw asPlatformError(database, error);
    }
  });
}

/** @returns whether the row had to be written */
async function writeOnce(session: Session, database: Database, id: string, row: RowToWrite): Promise<boolean> {
  if (await isThere(session, database, id, row)) return false;
  const { quote } = database.dialect;
  const { table, key } = row;
  const all = [...row.columns, [table.event, id] as const];
  const values = all.map(([, value]) => value);
  if (key.length > 0) {
    const sets = all.map(([name]) => `${quote(name)} = ?`).join(', ');
    const where = key.map((name) => `${quote(name)} = ?`).join(' AND ');
    const known = key.map((name) => row.columns.find(([column]) => column === name)![1]);
    if ((await session.run(`UPDATE ${quote(table.name)} SET ${sets} WHERE ${where}`, [...values, ...known])) > 0)
      return true;
  }
  const names = all.map(([name]) => quote(name)).join(', ');
  await session.run(`INSERT INTO ${quote(table.name)} (${names}) VALUES (${places(all.length)})`, values);
  return true;
}

async function isThere(session: Session, database: Database, id: string, { table }: RowToWrite): Promise<boolean> {
  const { quote } = database.dialect;
  const text = `SELECT 1 AS found FROM ${quote(table.name)} WHERE ${quote(table.event)} = ? LIMIT 1`;
  return (await session.rows(text, [id])).length > 0;
}

/** What was begun goes on; nobody knows then whether it succeeds. */
function orBrokenOff<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(brokenOff());
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

function brokenOff(): PlatformError {
  return new PlatformError(true, 'the delivery was broken off');
}
