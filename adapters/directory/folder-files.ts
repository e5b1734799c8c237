import type { Readable } from 'node:stream';
import { unreadable } from '../unreadable.ts';

/** What a name stands for; links are never followed. */
export type EntryKind = 'file' | 'folder' | 'link' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** One folder, whatever stands at its name meanwhile: as far as the machine of the folder can tell them apart. */
export interface HeldFolder {
  /** What is in it is reached by this until it is closed. */
  readonly path: string;
  /** Whether it stands there now. */
  isAt(path: string): Promise<boolean>;
  /** The platform's account may take away what lies in it where it shares our group; nobody else looks into it. */
  share(): Promise<void>;
  close(): Promise<void>;
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
  /** Makes no parents; does nothing when something has this name. Who writes into it holds it: it may be a link. */
  makeFolder(path: string): Promise<void>;
  /**
   * Holds a folder that others may exchange while it is worked in. Refuses what is no folder (`ENOTDIR`), a link too. Closed
   * by whoever holds it.
   */
  hold(path: string): Promise<HeldFolder>;
  /** Removes a file or a link; what that leads to stays. */
  removeFile(path: string): Promise<void>;
  /** Removes a folder with nothing in it. */
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
  return (await kindAt(files, path)) !== undefined;
}

/** @returns undefined when there is nothing */
export async function kindAt(files: FolderFiles, path: string): Promise<EntryKind | undefined> {
  try {
    return (await files.look(path)).kind;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Works in a folder while it is held. */
export async function holding<T>(files: FolderFiles, path: string, work: (held: HeldFolder) => Promise<T>): Promise<T> {
  const held = await files.hold(path);
  try {
    return await work(held);
  } finally {
    await held.close();
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
