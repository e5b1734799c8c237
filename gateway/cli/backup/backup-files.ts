import { constants, type Dirent } from 'node:fs';
import { copyFile, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Files and bytes of a folder. */
export interface CopiedFiles {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Copies the files of a folder that the other one lacks, in constant memory. A file is named by its content: one that is
 * there already is the same.
 */
export async function copyMissing(from: string, to: string): Promise<CopiedFiles> {
  let [files, bytes] = [0, 0];
  for await (const file of filesIn(from)) {
    const target = join(to, relative(from, file));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    try {
      await copyFile(file, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await syncFile(target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Erased since the folder was read, or there already.
      if (code === 'ENOENT') continue;
      if (code !== 'EEXIST') throw error;
    }
    files += 1;
    bytes += (await stat(target)).size;
  }
  return { files, bytes };
}

/** Counts the files of a folder; nothing for one that is not there. */
export async function countFiles(folder: string): Promise<CopiedFiles> {
  let [files, bytes] = [0, 0];
  for await (const file of filesIn(folder)) {
    files += 1;
    bytes += (await stat(file)).size;
  }
  return { files, bytes };
}

/** Waits until a file, or what a folder lists, is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
