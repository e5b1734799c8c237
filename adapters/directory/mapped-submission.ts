import { posix } from 'node:path';
import { PlatformError, type Submission } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type OpenFile, understand } from '../mapping/understand.ts';
import { type RecordFormat, type RecordOptions, readDocument } from '../records/read-records.ts';
import { unreadable } from '../unreadable.ts';
import { digestOf, findPlaced, keyOf, openInside, readPlaced } from './entry.ts';
import type { FolderFiles } from './folder-files.ts';

/** Files of a folder that belong to one submission, and folders within folders. */
const MAX_FILES = 100;
const MAX_DEPTH = 8;

export const MAPPED_FORMATS: ReadonlySet<RecordFormat> = new Set(['json', 'xml', 'csv']);

/**
 * Reads one document in the platform's words, alone or in a folder with its files. The key is a digest of the name and
 * of every byte of every file, whether the mapping uses it or not: which ones it uses may change.
 *
 * @throws Unreadable when it can never be read; what the file system reports when it may be later
 */
export async function readMapped(
  files: FolderFiles,
  path: string,
  { mapping, options, signal }: { mapping: Mapping; options: RecordOptions; signal: AbortSignal },
): Promise<Submission> {
  const placed = await findPlaced(files, path, MAPPED_FORMATS);
  const bytes = await readPlaced(files, placed, signal);
  const document = readDocument(bytes, placed.format === 'xml' ? 'xml' : 'json', options);
  const digests: (string | Uint8Array)[] = [];
  if (placed.folder !== undefined)
    for (const file of await filesIn(files, placed.folder))
      digests.push(file, await digestOf(files, posix.join(placed.folder, file), signal));
  const key = keyOf(posix.basename(path), bytes, ...digests);
  return understand(key, document, mapping, opener(files, placed.folder));
}

/** For rows of a table, and for what was parked: the files went away with their folder. */
export const noFiles: OpenFile = async () => {
  throw new PlatformError(false, 'there are no files here; place a folder with the document and its files');
};

function opener(files: FolderFiles, folder: string | undefined): OpenFile {
  return async (from) => {
    try {
      return await openInside(files, folder, from);
    } catch (cause) {
      const refused = cause instanceof Error && 'problems' in cause;
      throw new PlatformError(!refused, 'a file of the submission cannot be opened', { cause });
    }
  };
}

/** Relative paths of all regular files, sorted. @throws Unreadable TOO_MANY, TOO_DEEP */
async function filesIn(files: FolderFiles, folder: string, inner = '', depth = 1): Promise<string[]> {
  if (depth > MAX_DEPTH) throw unreadable('TOO_DEEP', `has folders deeper than ${MAX_DEPTH}`);
  const found: string[] = [];
  for (const { name, kind } of await files.entries(posix.join(folder, inner))) {
    const path = posix.join(inner, name);
    if (kind === 'file') found.push(path);
    else if (kind === 'folder') found.push(...(await filesIn(files, folder, path, depth + 1)));
    if (found.length > MAX_FILES) throw unreadable('TOO_MANY', `has more than ${MAX_FILES} files`);
  }
  return found.sort();
}
