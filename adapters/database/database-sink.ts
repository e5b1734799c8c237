import type { AdapterContext, DeliverySink } from '../adapter.ts';
import { brokenOff, orBrokenOff } from '../broken-off.ts';
import { mappedSink, type SendDocument } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Database, Session } from './database.ts';
import type { OutConfig } from './database-config.ts';
import { type MaterialRow, readMaterials, writeMaterials } from './materials-out.ts';
import { asPlatformError } from './open-database.ts';
import { type RowToWrite, readRow } from './row-to-write.ts';
import { places } from './tables.ts';

/** Files that a row holds itself: in base64 they stay below 16 MiB, which MariaDB takes at once unless told otherwise. */
const WITHIN_KIB = 11 * 1024;

/**
 * Writes what happened as rows of staging tables, one transaction for each and the materials that it names, with the id of
 * the event: one that is there already is left as it is.
 */
export function databaseSink(
  database: Database,
  out: OutConfig,
  mapping: Mapping,
  context: AdapterContext,
): DeliverySink {
  /** Attempts that nobody waits for any more, by id: the next one must not run beside them. */
  const underWay = new Map<string, Promise<unknown>>();
  /** Ends when nobody writes materials any more. */
  let materialsWritten: Promise<unknown> = Promise.resolve();

  /** Documents with materials one after another, each of which would fill memory; they wait outside of transactions. */
  function inTurn<T>(materials: readonly MaterialRow[], signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (materials.length === 0) return work();
    const writing = materialsWritten.then(() => {
      if (signal.aborted) throw brokenOff();
      return work();
    });
    materialsWritten = writing.catch(() => {});
    return writing;
  }

  async function write(
    id: string,
    row: RowToWrite,
    materials: readonly MaterialRow[],
    signal: AbortSignal,
  ): Promise<{ readonly written: boolean }> {
    await underWay.get(id)?.catch(() => {});
    const writing = inTurn(materials, signal, () =>
      database.unit(async (session) => {
        if (await isThere(session, database, id, row)) return false;
        await writeMaterials(session, database.dialect, materials, signal);
        await writeRow(session, database, id, row);
        return true;
      }),
    );
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

  const send: SendDocument = async ({ id, document, files }, signal) => {
    if (signal.aborted) throw brokenOff();
    const row = readRow(document, out.tables);
    const materials = readMaterials(files, id, out.materials);
    try {
      return await orBrokenOff(write(id, row, materials, signal), signal);
    } catch (error) {
      throw asPlatformError(database, error);
    }
  };
  return mappedSink(mapping, context, send, { beside: true, withinKib: WITHIN_KIB });
}

async function writeRow(session: Session, database: Database, id: string, row: RowToWrite): Promise<void> {
  const { quote } = database.dialect;
  const { table, key } = row;
  const all = [...row.columns, [table.event, id] as const];
  const values = all.map(([, value]) => value);
  if (key.length > 0) {
    const sets = all.map(([name]) => `${quote(name)} = ?`).join(', ');
    const where = key.map((name) => `${quote(name)} = ?`).join(' AND ');
    const known = key.map((name) => row.columns.find(([column]) => column === name)![1]);
    if ((await session.run(`UPDATE ${quote(table.name)} SET ${sets} WHERE ${where}`, [...values, ...known])) > 0)
      return;
  }
  const names = all.map(([name]) => quote(name)).join(', ');
  await session.run(`INSERT INTO ${quote(table.name)} (${names}) VALUES (${places(all.length)})`, values);
}

async function isThere(session: Session, database: Database, id: string, { table }: RowToWrite): Promise<boolean> {
  const { quote } = database.dialect;
  const text = `SELECT 1 AS found FROM ${quote(table.name)} WHERE ${quote(table.event)} = ? LIMIT 1`;
  return (await session.rows(text, [id])).length > 0;
}
