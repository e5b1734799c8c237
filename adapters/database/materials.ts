import { Readable } from 'node:stream';
import { PlatformError } from '../adapter.ts';
import type { OpenFile } from '../mapping/understand.ts';
import type { Database } from './database.ts';
import type { MaterialsConfig } from './database-config.ts';
import { asPlatformError } from './open-database.ts';

/** The gateway takes no larger material. */
const MAX_BYTES = 200 * 1024 * 1024;
/** Read at once: memory never holds more of a material. */
const PART_BYTES = 1024 * 1024;

/**
 * Opens materials by the key of their row in a table of the platform (材料表).
 *
 * @param config undefined where the platform has no such table
 */
export function materialsOf(database: Database, config: MaterialsConfig | null | undefined): OpenFile {
  if (!config)
    return () =>
      Promise.reject(new PlatformError(false, 'the configuration of the platform names no table of materials'));
  const { quote, part, bytesOf } = database.dialect;
  const [table, key, bytes] = [config.name, config.key, config.bytes].map(quote) as [string, string, string];

  return async (from, signal) => {
    try {
      const text = `SELECT ${bytesOf(bytes, 'bytes')} AS size FROM ${table} WHERE ${key} = ?`;
      const [row] = await database.rows<{ size: number | null }>(text, [from]);
      const size = row?.size ?? undefined;
      if (size === undefined)
        throw new PlatformError(false, 'the table of materials has no such row, or no bytes in it');
      if (size > MAX_BYTES) throw new PlatformError(false, 'a material has more than 200 MiB');
      return Readable.from(parts(size, from, signal), { objectMode: false });
    } catch (error) {
      throw asPlatformError(database, error);
    }
  };

  async function* parts(size: number, from: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < size; start += PART_BYTES) {
      signal.throwIfAborted();
      const text = `SELECT ${part(bytes)} AS part FROM ${table} WHERE ${key} = ?`;
      const wanted = Math.min(PART_BYTES, size - start);
      const [row] = await database.rows<{ part: Uint8Array | null }>(text, [start + 1, wanted, from]);
      if (row?.part?.length !== wanted) throw new PlatformError(true, 'a material changed while it was read');
      yield row.part;
    }
  }
}
