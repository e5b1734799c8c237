import { posix } from 'node:path';
import { fields, list, optional, type Problem, text } from '#proto';
import type { Submission, SubmissionFile } from '../adapter.ts';
import { mediaTypeOf } from '../media-types.ts';
import { parseJson, type RecordFormat } from '../records/read-records.ts';
import { Unreadable, unreadable } from '../unreadable.ts';
import { digestOf, findPlaced, keyOf, openInside, readPlaced, resolveInside } from './entry.ts';
import type { FolderFiles } from './folder-files.ts';

const MAX_FILES = 100;
const JSON_ONLY: ReadonlySet<RecordFormat> = new Set(['json']);

interface FileEntry {
  readonly name: string;
  readonly path: string;
}

const fileList = optional(list(fields({ name: text(255), path: text(1024) }), MAX_FILES));

/**
 * Reads one submission in our own words: `NAME.json`, or a folder with `case.json` and the files that it names.
 *
 * The key is a digest of the name and of every byte, so that the same thing offered again has the same key and a
 * corrected one has another.
 *
 * @param folder where submissions are placed, an absolute path
 * @param name of the entry in it
 * @param signal ends the reading of large files
 * @throws Unreadable when it can never be read; what the file system reports when it may be later
 */
export async function readSubmission(
  files: FolderFiles,
  folder: string,
  name: string,
  signal: AbortSignal,
): Promise<Submission> {
  const placed = await findPlaced(files, posix.join(folder, name), JSON_ONLY);
  const json = await readPlaced(files, placed, signal);
  const { named, body } = split(parseJson(json));
  const found = await readFiles(files, placed.folder, named, signal);
  const key = keyOf(name, json, ...found.map(({ digest }) => digest));
  return { ...asSubmission(key, body, named), wishes: [{ do: 'open', body, files: found.map(({ file }) => file) }] };
}

/** A document that was parked; its files went away with their folder. */
export function readParked(key: string, document: unknown): Submission {
  try {
    const { named, body } = split(document);
    if (named.length > 0) throw unreadable('FILE', 'the files are gone; place the folder again', '/files');
    return { ...asSubmission(key, body, named), wishes: [{ do: 'open', body, files: [] }] };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { key, document, wishes: [], problems: error.problems };
  }
}

function asSubmission(key: string, body: Record<string, unknown>, named: readonly FileEntry[]) {
  return { key, document: { ...body, files: named }, problems: [] };
}

function split(document: unknown): { named: readonly FileEntry[]; body: Record<string, unknown> } {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw unreadable('TYPE', 'must be a JSON object');
  const { files, ...body } = document as Record<string, unknown>;
  const problems: Problem[] = [];
  fileList(files, '/files', problems);
  if (problems.length > 0) throw new Unreadable(problems);
  return { named: (files ?? []) as FileEntry[], body };
}

/** Finds every named file, with the digest of its bytes. Collects what is wrong with any of them. */
async function readFiles(
  files: FolderFiles,
  folder: string | undefined,
  named: readonly FileEntry[],
  signal: AbortSignal,
): Promise<{ file: SubmissionFile; digest: Buffer }[]> {
  const problems: Problem[] = [];
  const found: { file: SubmissionFile; digest: Buffer }[] = [];
  for (const [index, { name, path }] of named.entries()) {
    try {
      const digest = await digestOf(files, await resolveInside(files, folder, path), signal);
      const open = () => openInside(files, folder, path);
      found.push({ file: { name, mediaType: mediaTypeOf(path), open }, digest });
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      problems.push(...error.problems.map((one) => ({ ...one, pointer: `/files/${index}/path` })));
    }
  }
  if (problems.length > 0) throw new Unreadable(problems);
  return found;
}
