import { constants, type Dirent } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

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

/**
 * Copies a file to where there is none; the copy appears whole or not at all.
 *
 * @returns whether there was none
 */
export async function layFile(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const beside = join(dirname(to), `.${basename(to)}.${process.pid}.tmp`);
  try {
    await rm(beside, { force: true });
    await copyFile(from, beside);
    await syncFile(beside);
    await link(beside, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
  await syncFile(dirname(to));
  return true;
}

/** Whether something has a name. */
export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
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
