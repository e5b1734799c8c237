import type { Readable } from 'node:stream';
import { unreadable } from '../unreadable.ts';

/** What a name stands for; links are never followed. */
export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** What is written into a file. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Folders of this machine or of another one. Paths are absolute, with `/`. What is missing is reported with the code of
 * Node's file system (`ENOENT`), what cannot be reached with any other code.
 */
export interface FolderFiles {
  entries(folder: string): Promise<Entry[]>;
  /** @returns `bytes`, its size */
  look(path: string): Promise<{ readonly kind: EntryKind; readonly bytes: number }>;
  /** Bytes of a regular file, from the beginning. Ended by whoever reads. */
  open(path: string): Promise<Readable>;
  /**
   * Puts a file into a folder so that a reader sees all of it or nothing, and a power cut does not undo it as far as the
   * machine can promise. What stood there, or what a crash left of an earlier attempt, is replaced. Content that comes in
   * pieces is never held as a whole; when it fails nothing is left of it, as far as the machine can be reached.
   */
  write(folder: string, name: string, content: Content): Promise<void>;
  /** Makes what was written before survive a power cut. */
  sync(folder: string): Promise<void>;
  /** Moves a file or a folder to a free name. */
  move(from: string, to: string): Promise<void>;
  /** For the own account and its group. Makes no parents; does nothing when there is such a folder. */
  makeFolder(path: string): Promise<void>;
  /** Removes a folder with the files in it; does nothing when there is none. A link goes, what it leads to stays. */
  removeFolder(path: string): Promise<void>;
  /** Calls `changed` after every change in a folder; absent where nothing reports them. @returns how to stop it */
  watch?(folder: string, changed: () => void, lost: (error: unknown) => void): () => void;
  /** Must be called by whoever made it. */
  close(): Promise<void>;
}

/** Whether a failure says that there is nothing at this path, now or ever. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG';
}

export async function exists(files: FolderFiles, path: string): Promise<boolean> {
  try {
    await files.look(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

const MIB = 1024 * 1024;

/**
 * Bytes of a regular file as they come. Looks before it opens, because opening a named pipe would wait for a writer.
 *
 * @param limit in bytes; a file that grows meanwhile is refused, too
 * @throws Unreadable FILE when it is no regular file or larger; its message follows the name of the file
 */
export async function* piecesOf(
  files: FolderFiles,
  path: string,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { kind, bytes } = await files.look(path);
  if (kind !== 'file') throw unreadable('FILE', 'is not a regular file, or is a symbolic link');
  if (bytes > limit) throw unreadable('FILE', `is larger than ${limit / MIB} MiB`);
  let read = 0;
  for await (const chunk of await files.open(path)) {
    signal.throwIfAborted();
    read += (chunk as Buffer).length;
    if (read > limit) throw unreadable('FILE', `is larger than ${limit / MIB} MiB`);
    yield chunk as Buffer;
  }
}

/** As `piecesOf`, all of it at once. */
export async function readWhole(files: FolderFiles, path: string, limit: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of piecesOf(files, path, limit, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
