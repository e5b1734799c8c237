import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1024 * 1024;

/** Why a file is not read. `message` follows the file's name. */
export class FileRefused extends Error {}

/** Whether a failure of the file system says that there is nothing at this path, now or ever. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG';
}

/**
 * Puts a file into a folder so that a reader sees all of it or nothing, and a power cut does not undo it: temporary file
 * beside it, fsync, rename, fsync of the folder. What a crash left of an earlier attempt is replaced.
 */
export async function writeAtomically(folder: string, name: string, content: Uint8Array): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o640);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  await syncFolder(folder);
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens a regular file for reading and hands it to `read`. Looks before it opens, because opening a named pipe would
 * wait for a writer.
 *
 * @throws FileRefused for symbolic links and everything else that is no regular file
 */
export async function readRegularFile<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  if (!(await lstat(path)).isFile()) throw new FileRefused('is not a regular file, or is a symbolic link');
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/**
 * Lets only files up to a size pass.
 *
 * @param limit in bytes
 * @throws FileRefused when it is larger
 */
export async function checkSize(file: FileHandle, limit: number): Promise<void> {
  const { size } = await file.stat();
  if (size > limit) throw new FileRefused(`is larger than ${limit / MIB} MiB`);
}
