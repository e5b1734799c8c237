import { constants, watch } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { posix } from 'node:path';
import type { EntryKind, FolderFiles } from './folder-files.ts';

const { join, dirname } = posix;

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
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return file.createReadStream();
  },

  async write(folder, name, content) {
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
  },

  sync: syncFolder,

  async move(from, to) {
    await rename(from, to);
    await syncFolder(dirname(to));
    await syncFolder(dirname(from));
  },

  async makeFolder(path) {
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  },

  watch(folder, changed, lost) {
    const watcher = watch(folder, changed).on('error', lost);
    return () => watcher.close();
  },

  async close() {},
};

/** Makes what was created, renamed or removed in a folder survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
