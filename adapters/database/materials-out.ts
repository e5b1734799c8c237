import { createHash } from 'node:crypto';
import { PlatformError } from '../adapter.ts';
import { type OutgoingFile, wholeOf } from '../mapping/outgoing-files.ts';
import type { Bound, Dialect, Session } from './database.ts';
import type { OutMaterials } from './database-config.ts';
import { readColumns } from './row-to-write.ts';
import { places } from './tables.ts';

const MIB = 1024 * 1024;
/** Largest material that becomes a value of a column, unless the configuration says otherwise. */
const DEFAULT_MAX_MIB = 10;
/** Materials that one transaction takes: servers keep all of it until its end. */
const DOCUMENT_MIB = 256;

/** What else a statement with a material may have: its other columns. */
const BESIDE_BYTES = 256 * 1024;

/** A material as a row for the table of materials. */
export interface MaterialRow {
  readonly table: OutMaterials;
  /** The same for the same material of the same document. */
  readonly key: string;
  /** All but the key and the bytes. */
  readonly columns: readonly (readonly [name: string, value: Bound])[];
  readonly file: OutgoingFile;
}

/**
 * What the files of a document become, before any of them is read.
 *
 * @param id of the document
 * @param table undefined where the configuration names none
 * @throws PlatformError final
 */
export function readMaterials(
  files: readonly OutgoingFile[],
  id: string,
  table: OutMaterials | null | undefined,
): MaterialRow[] {
  if (files.length === 0) return [];
  if (!table)
    throw new PlatformError(false, 'the mapping names files, and the configuration no out.materials that takes them');
  const sum = files.reduce((bytes, { size }) => bytes + size, 0);
  if (sum > DOCUMENT_MIB * MIB)
    throw new PlatformError(
      false,
      `the files of the document have more than ${DOCUMENT_MIB} MiB together: let the mapping make several documents of them, or send fewer`,
    );
  const most = table.max_mib ?? DEFAULT_MAX_MIB;
  return files.map((file, index) => {
    if (file.size > most * MIB)
      throw new PlatformError(
        false,
        `file ${index + 1} of the document has more than ${most} MiB (out.materials.max_mib)`,
      );
    const key = createHash('sha256')
      .update(JSON.stringify([id, file.name, file.material]))
      .digest('hex')
      .slice(0, 32);
    const ours = [table.key, table.event, table.bytes, ...(table.file ? [table.file] : [])];
    const named = table.file ? [[table.file, file.name] as const] : [];
    return { table, key, columns: [...readColumns(file.row, ours), ...named, [table.event, id] as const], file };
  });
}

/**
 * Adds the rows that are not there yet; one that is there has the same bytes, by its key. Memory holds one material at a time,
 * and what the driver makes of it.
 */
export async function writeMaterials(
  session: Session,
  { quote, largest }: Dialect,
  materials: readonly MaterialRow[],
  signal: AbortSignal,
): Promise<void> {
  if (largest !== undefined && materials.length > 0) {
    const [found] = await session.rows<{ most: number }>(largest);
    // It would end the connection instead of refusing, again and again.
    if (materials.some(({ file }) => file.size + BESIDE_BYTES > found!.most))
      throw new PlatformError(
        false,
        'a file of the document is larger than the server takes at once (max_allowed_packet)',
      );
  }
  for (const { table, key, columns, file } of materials) {
    const known = `SELECT 1 AS found FROM ${quote(table.name)} WHERE ${quote(table.key)} = ? LIMIT 1`;
    if ((await session.rows(known, [key])).length > 0) continue;
    const all = [[table.key, key] as const, ...columns, [table.bytes, await wholeOf(file, signal)] as const];
    const names = all.map(([name]) => quote(name)).join(', ');
    const values = all.map(([, value]) => value);
    await session.run(`INSERT INTO ${quote(table.name)} (${names}) VALUES (${places(all.length)})`, values);
  }
}
