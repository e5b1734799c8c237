import { posix } from 'node:path';
import { PlatformError } from '../adapter.ts';
import type { OutgoingFile } from '../mapping/outgoing-files.ts';
import { digestOf } from './entry.ts';
import { type FolderFiles, holding, kindAt } from './folder-files.ts';

const { join } = posix;

/**
 * Puts the files of a document into a folder of their own, which appears when all of them are whole. A folder that has them
 * is left as it is; what an earlier attempt left is replaced, since its document was never there, and removed when there
 * are no files any more. When one of them cannot be had nothing is left; after an end in the middle hidden names at most.
 * The platform may write beside it: what it puts in place of a folder is neither followed nor searched.
 *
 * @param folder in which the folder appears, an absolute path
 * @throws PlatformError final when something there cannot be removed
 */
export async function placeFiles(
  files: FolderFiles,
  folder: string,
  name: string,
  wanted: readonly OutgoingFile[],
  signal: AbortSignal,
): Promise<void> {
  const [place, hidden] = places(folder, name);
  await remove(files, hidden);
  if (wanted.length === 0) return remove(files, place);
  if (await hasAll(files, place, wanted, signal)) return;
  try {
    await files.makeFolder(hidden);
    await holding(files, hidden, async (held) => {
      await held.share();
      for (const file of wanted) await files.write(held.path, file.name, file.bytes(signal));
      await remove(files, place);
      await files.move(hidden, place);
      if (!(await held.isAt(place)))
        throw new PlatformError(true, `the folder ${name} was exchanged while it was written; see who writes there`);
    });
  } catch (error) {
    // Who stops does not wait for that: the next attempt does it.
    if (!signal.aborted) await remove(files, hidden).catch(() => {});
    throw error;
  }
}

/** Removes what attempts left of the files of a document that is not there, as far as that can be done now. */
export async function removePlaced(files: FolderFiles, folder: string, name: string): Promise<void> {
  for (const path of places(folder, name)) await remove(files, path).catch(() => {});
}

function places(folder: string, name: string): [place: string, hidden: string] {
  return [join(folder, name), join(folder, `.${name}.tmp`)];
}

/** Whether a folder has just these files with just these bytes. */
async function hasAll(
  files: FolderFiles,
  place: string,
  wanted: readonly OutgoingFile[],
  signal: AbortSignal,
): Promise<boolean> {
  if ((await kindAt(files, place)) !== 'folder') return false;
  return holding(files, place, async ({ path }) => {
    const there = new Set((await files.entries(path)).map(({ name, kind }) => `${kind} ${name}`));
    if (there.size !== wanted.length || !wanted.every(({ name }) => there.has(`file ${name}`))) return false;
    for (const { name, material, size } of wanted) {
      if ((await files.look(join(path, name))).bytes !== size) return false;
      if ((await digestOf(files, join(path, name), signal)).toString('hex') !== material) return false;
    }
    return true;
  }).catch((error) => {
    if (isDenied(error)) return false;
    throw error;
  });
}

/** Removes what has this name: a folder of ours has files alone, and nothing else in one is searched. */
async function remove(files: FolderFiles, path: string): Promise<void> {
  const kind = await kindAt(files, path);
  if (kind === undefined) return;
  const refuse = (why: string) => new PlatformError(false, `${posix.basename(path)} ${why}; move it away`);
  try {
    if (kind !== 'folder') return await files.removeFile(path);
    await holding(files, path, async (held) => {
      const entries = await files.entries(held.path);
      if (entries.some(({ kind }) => kind === 'folder')) throw refuse('has a folder that is not ours');
      for (const { name } of entries) await files.removeFile(join(held.path, name));
    });
    await files.removeFolder(path);
  } catch (error) {
    throw isDenied(error) ? refuse('cannot be removed: it belongs to another account') : error;
  }
}

function isDenied(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}
