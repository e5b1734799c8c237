import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { LIMITS } from '#proto';
import { MAX_DOCUMENT_BYTES, type RecordFormat, recordFormat } from '../records/read-records.ts';
import { Unreadable, unreadable } from '../unreadable.ts';
import { type FolderFiles, isAbsent, piecesOf, readWhole } from './folder-files.ts';

const { join } = posix;

/** What a submission that is a folder calls its document; `case.xml` where a mapping reads XML. */
const CASE_FILE = 'case.json';
const CASE_FILES: readonly string[] = [CASE_FILE, 'case.xml'];

/** What somebody placed: a document, or a folder with one and the files that belong to it. */
export interface Placed {
  readonly format: RecordFormat;
  /** Of the document. */
  readonly path: string;
  /** Of the files; undefined when the document stands alone. */
  readonly folder: string | undefined;
}

/**
 * Finds the document of a submission.
 *
 * @param formats that are read here
 * @throws Unreadable when the folder has none
 */
export async function findPlaced(
  files: FolderFiles,
  path: string,
  formats: ReadonlySet<RecordFormat>,
): Promise<Placed> {
  const { kind } = await files.look(path);
  if (kind !== 'folder') return { format: recordFormat(path) ?? 'json', path, folder: undefined };
  const names = new Set((await files.entries(path)).map(({ name }) => name));
  const name = CASE_FILES.find((one) => names.has(one) && formats.has(recordFormat(one)!));
  if (!name) throw unreadable('REQUIRED', `the folder has no ${CASE_FILE}`);
  return { format: recordFormat(name)!, path: join(path, name), folder: path };
}

/** @throws Unreadable */
export async function readPlaced(files: FolderFiles, { path }: Placed, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readWhole(files, path, MAX_DOCUMENT_BYTES, signal);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const named = error.problems.map((one) => ({ ...one, message: `${posix.basename(path)} ${one.message}` }));
    throw new Unreadable(named);
  }
}

/**
 * A file that belongs to a submission, with no symbolic link on the way.
 *
 * @param folder of the submission; undefined when its document stands alone
 * @param path as the document has it
 * @returns its absolute path
 * @throws Unreadable FILE; its message follows the name of the file
 */
export async function resolveInside(files: FolderFiles, folder: string | undefined, path: string): Promise<string> {
  if (folder === undefined) throw unreadable('FILE', `needs a folder: put ${CASE_FILE} and its files into one`);
  const steps = path.split('/');
  if (steps.some((step) => step === '' || step === '.' || step === '..') || path.includes('\\'))
    throw unreadable('FILE', 'must be a relative path inside the folder, with / and without .. or \\');
  try {
    let inside = folder;
    for (const step of steps) {
      inside = join(inside, step);
      if ((await files.look(inside)).kind === 'link') throw unreadable('FILE', 'leads through a symbolic link');
    }
    return inside;
  } catch (error) {
    throw isAbsent(error) ? unreadable('FILE', 'is not in the folder') : error;
  }
}

/** Digest of a file that may become a material. @throws Unreadable FILE */
export async function digestOf(files: FolderFiles, path: string, signal: AbortSignal): Promise<Buffer> {
  const digest = createHash('sha256');
  for await (const chunk of piecesOf(files, path, LIMITS.materialBytes, signal)) digest.update(chunk);
  return digest.digest();
}

/** Opens a file of a submission. @throws Unreadable FILE */
export async function openInside(files: FolderFiles, folder: string | undefined, path: string): Promise<Readable> {
  const inside = await resolveInside(files, folder, path);
  const { kind, bytes } = await files.look(inside);
  if (kind !== 'file') throw unreadable('FILE', 'is not a regular file, or is a symbolic link');
  if (bytes > LIMITS.materialBytes) throw unreadable('FILE', 'is larger than a material may be');
  return files.open(inside);
}

/** Digest over several parts, as hex; the length counts too, so that no two lists of parts give the same bytes. */
export function keyOf(...parts: readonly (string | Uint8Array)[]): string {
  const digest = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.length));
    digest.update(length).update(bytes);
  }
  return digest.digest('hex');
}
