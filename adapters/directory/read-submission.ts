import { createHash, type Hash } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { fields, LIMITS, list, optional, type Problem, text } from '#proto';
import type { Submission, SubmissionFile } from '../adapter.ts';
import { checkSize, FileRefused, isAbsent, readRegularFile } from './files.ts';
import { mediaTypeOf } from './media-types.ts';

/** The document of a submission that is a folder. */
export const CASE_FILE = 'case.json';

const MAX_JSON_BYTES = 1024 * 1024;
const MAX_FILES = 100;
const CHUNK_BYTES = 256 * 1024;

interface FileEntry {
  readonly name: string;
  readonly path: string;
}

const fileList = optional(list(fields({ name: text(255), path: text(1024) }), MAX_FILES));

/** The submission cannot be read; `problems` names every reason by its pointer within the document. */
export class UnreadableSubmission extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the submission cannot be read');
    this.problems = problems;
  }
}

/**
 * Reads one submission: `NAME.json`, or a folder with `case.json` and the files that it names.
 *
 * The key is a digest of the name and of every byte, so that the same thing offered again has the same key and a
 * corrected one has another.
 *
 * @param folder where submissions are placed, an absolute path
 * @param name of the entry in it
 * @param signal ends the reading of large files
 * @throws UnreadableSubmission when it can never be read; what the file system reports when it may be later
 */
export async function readSubmission(folder: string, name: string, signal: AbortSignal): Promise<Submission> {
  const entry = join(folder, name);
  const isFolder = (await lstat(entry)).isDirectory();
  const json = await readJson(isFolder ? join(entry, CASE_FILE) : entry, isFolder ? CASE_FILE : name);
  const { files: named, body } = parse(json);
  const digest = createHash('sha256');
  addPart(digest, Buffer.from(name));
  addPart(digest, json);
  const files = await readFiles(isFolder ? entry : undefined, named, digest, signal);
  return { key: digest.digest('hex'), body, files };
}

async function readJson(path: string, name: string): Promise<Buffer> {
  try {
    return await readRegularFile(path, async (file) => {
      await checkSize(file, MAX_JSON_BYTES);
      return file.readFile();
    });
  } catch (error) {
    if (error instanceof FileRefused) throw unreadable('FILE', `${name} ${error.message}`);
    if (name === CASE_FILE && isAbsent(error)) throw unreadable('REQUIRED', `the folder has no ${CASE_FILE}`);
    throw error;
  }
}

function parse(json: Buffer): { files: readonly FileEntry[]; body: Record<string, unknown> } {
  const document = parseJson(json);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw unreadable('TYPE', 'must be a JSON object');
  const { files, ...body } = document as Record<string, unknown>;
  const problems: Problem[] = [];
  fileList(files, '/files', problems);
  if (problems.length > 0) throw new UnreadableSubmission(problems);
  return { files: (files ?? []) as FileEntry[], body };
}

function parseJson(json: Buffer): unknown {
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(json);
  } catch {
    throw unreadable('ENCODING', 'is not UTF-8; save it as UTF-8');
  }
  try {
    return JSON.parse(content);
  } catch {
    throw unreadable('FORMAT', 'is not JSON, or not all of it was there; place it by renaming a finished file');
  }
}

/** Finds every named file and adds its bytes to the digest. Collects what is wrong with any of them. */
async function readFiles(
  folder: string | undefined,
  named: readonly FileEntry[],
  digest: Hash,
  signal: AbortSignal,
): Promise<SubmissionFile[]> {
  const problems: Problem[] = [];
  const files: SubmissionFile[] = [];
  for (const [index, { name, path }] of named.entries()) {
    try {
      if (folder === undefined) throw new FileRefused(`needs a folder: put ${CASE_FILE} and its files into one`);
      const inside = await resolveInside(folder, path);
      addPart(digest, await digestOf(inside, signal));
      files.push({ name, path: inside, mediaType: mediaTypeOf(path) });
    } catch (error) {
      if (!(error instanceof FileRefused) && !isAbsent(error)) throw error;
      const message = error instanceof FileRefused ? error.message : 'is not in the folder';
      problems.push({ pointer: `/files/${index}/path`, code: 'FILE', message });
    }
  }
  if (problems.length > 0) throw new UnreadableSubmission(problems);
  return files;
}

/** Absolute path of a file inside the folder, with no symbolic link on the way. */
async function resolveInside(folder: string, path: string): Promise<string> {
  const steps = path.split('/');
  if (steps.some((step) => step === '' || step === '.' || step === '..') || path.includes('\\'))
    throw new FileRefused('must be a relative path inside the folder, with / and without .. or \\');
  const inside = join(await realpath(folder), ...steps);
  if ((await realpath(inside)) !== inside) throw new FileRefused('leads through a symbolic link');
  return inside;
}

function digestOf(path: string, signal: AbortSignal): Promise<Buffer> {
  return readRegularFile(path, async (file) => {
    await checkSize(file, LIMITS.materialBytes);
    const digest = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) return digest.digest();
      digest.update(chunk.subarray(0, bytesRead));
    }
  });
}

/** Adds the length too, so that no two lists of parts give the same bytes. */
function addPart(digest: Hash, part: Uint8Array): void {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(part.length));
  digest.update(length).update(part);
}

function unreadable(code: string, message: string): UnreadableSubmission {
  return new UnreadableSubmission([{ pointer: '', code, message }]);
}
