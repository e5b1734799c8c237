import { type BigIntStats, constants, watch } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { posix } from 'node:path';
import { unreadable } from '../unreadable.ts';
import type { EntryKind, FolderFiles } from './folder-files.ts';

const { join, dirname, relative } = posix;

/** Where Linux shows what this program has open. A path below one of these stays in that folder, whatever becomes of its name. */
export const OPEN_FILES = '/proc/self/fd';

/** What file systems and servers say of an entry. */
export interface Kinded {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

export function kindOf(one: Kinded): EntryKind {
  if (one.isSymbolicLink()) return 'link';
  if (one.isDirectory()) return 'folder';
  return one.isFile() ? 'file' : 'other';
}

/** See `HeldFolder.share`. */
export function sharedMode(mode: number): number {
  return (mode & 0o7770) | 0o070;
}

/** Folders of this machine, or of a drive that it has mounted. */
export const localFiles: FolderFiles = {
  async entries(folder) {
    const found = await readdir(folder, { withFileTypes: true });
    return found.map((one) => ({ name: one.name, kind: kindOf(one) }));
  },

  async look(path) {
    const found = await lstat(path);
    return { kind: kindOf(found), bytes: found.size };
  },

  async open(path) {
    return (await openFile(path)).createReadStream();
  },

  async write(folder, name, content) {
    const temporary = join(folder, `.${name}.tmp`);
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o640);
    try {
      await file.writeFile(content);
      await file.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
    await syncFolder(folder);
  },

  sync: syncFolder,

  async move(from, to) {
    await rename(from, to);
    await syncFolder(dirname(to));
    await syncFolder(dirname(from));
  },

  async makeFolder(path) {
    try {
      await mkdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  },

  async hold(path) {
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return {
      path: `${OPEN_FILES}/${folder.fd}`,
      async isAt(place) {
        const there = await lstat(place, { bigint: true }).catch(() => undefined);
        return there !== undefined && isSame(await folder.stat({ bigint: true }), there);
      },
      async share() {
        await folder.chmod(sharedMode((await folder.stat()).mode));
      },
      close: () => folder.close(),
    };
  },

  removeFile: unlink,

  removeFolder: rmdir,

  watch(folder, changed, lost) {
    const watcher = watch(folder, changed).on('error', lost);
    return () => watcher.close();
  },

  async close() {},
};

/**
 * The same, for a folder that others write into: they can put a link in the place of a folder between a look at it and the
 * opening, so what was opened is compared with where it should stand. The folder itself may be reached by links.
 *
 * @param root the folder, an absolute path
 */
export function localFilesIn(root: string): FolderFiles {
  return {
    ...localFiles,
    async open(path) {
      const file = await openFile(path);
      try {
        const expected = join(await realpath(root), relative(root, path));
        if (!(await standsAt(file, path, expected))) throw unreadable('FILE', 'leads through a symbolic link');
      } catch (error) {
        await file.close();
        throw error;
      }
      return file.createReadStream();
    },
  };
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Linux tells where an open file is; elsewhere it is compared with what stands there now. */
async function standsAt(file: FileHandle, path: string, expected: string): Promise<boolean> {
  const place = await readlink(`${OPEN_FILES}/${file.fd}`).catch(() => undefined);
  if (place !== undefined) return place === expected;
  if ((await realpath(path)) !== expected) return false;
  const [opened, there] = await Promise.all([file.stat({ bigint: true }), stat(expected, { bigint: true })]);
  return isSame(opened, there);
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
