import { posix } from 'node:path';
import type { OutgoingFile } from '../mapping/outgoing-files.ts';
import { digestOf } from './entry.ts';
import { exists, type FolderFiles } from './folder-files.ts';

/**
 * Puts the files of a document into a folder of their own, which appears when all of them are whole. A folder that has them
 * is left as it is; what an earlier attempt left is replaced, since its document was never there. When one of them cannot
 * be had nothing is left; after an end in the middle hidden names at most.
 *
 * @param folder in which the folder appears, an absolute path
 */
export async function placeFiles(
  files: FolderFiles,
  folder: string,
  name: string,
  wanted: readonly OutgoingFile[],
  signal: AbortSignal,
): Promise<void> {
  const place = posix.join(folder, name);
  const hidden = posix.join(folder, `.${name}.tmp`);
  if (await hasAll(files, place, wanted, signal)) return;
  await files.removeFolder(hidden);
  try {
    await files.makeFolder(hidden);
    for (const file of wanted) await files.write(hidden, file.name, file.bytes(signal));
  } catch (error) {
    // Who stops does not wait for that: the next attempt does it.
    if (!signal.aborted) await files.removeFolder(hidden).catch(() => {});
    throw error;
  }
  await files.removeFolder(place);
  await files.move(hidden, place);
}

/** Whether a folder has just these files with just these bytes. */
async function hasAll(
  files: FolderFiles,
  place: string,
  wanted: readonly OutgoingFile[],
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await exists(files, place))) return false;
  const there = new Set((await files.entries(place)).map(({ name, kind }) => `${kind} ${name}`));
  if (there.size !== wanted.length || !wanted.every(({ name }) => there.has(`file ${name}`))) return false;
  for (const { name, material } of wanted)
    if ((await digestOf(files, posix.join(place, name), signal)).toString('hex') !== material) return false;
  return true;
}
