import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { writeFileAtomic } from '../config/atomic-file.ts';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

/**
 * Reads a text file that the user named.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read or is larger than `maxBytes`
 */
export async function readText(file: string, maxBytes: number): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${maxBytes} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}

/**
 * Reads JSON that the user gave as a file name, as '-' for the standard input, or as the JSON itself.
 *
 * @param what names it in messages
 * @throws CodedError VALIDATION_FAILED
 */
export async function readJson(source: string, what: string, stdin: () => Promise<string>): Promise<unknown> {
  const content = await contentOf(source, stdin);
  try {
    return JSON.parse(content) as unknown;
  } catch (cause) {
    const where = isJson(source) ? what : source === '-' ? `${what} from the standard input` : source;
    throw new CodedError('VALIDATION_FAILED', `${where} is not JSON`, [], { cause });
  }
}

/**
 * Opens a file that the user named, to send it without reading it whole.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read
 */
export async function openBlob(file: string): Promise<Blob> {
  try {
    // Throws at once where there is no such file.
    return await openAsBlob(file);
  } catch (error) {
    throw fileError('read', file, error);
  }
}

/**
 * Writes a file that the user named, replacing an old one as a whole.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be written
 */
export async function writeText(file: string, content: string, mode: number): Promise<void> {
  try {
    await writeFileAtomic(file, content, mode);
  } catch (error) {
    throw fileError('write', file, error);
  }
}

/** The error for a file that cannot be read or written. */
export function fileError(verb: 'read' | 'write', file: string, error: unknown): CodedError {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new CodedError('VALIDATION_FAILED', `cannot ${verb} ${file} (${code})`, [], { cause: error });
}

function contentOf(source: string, stdin: () => Promise<string>): Promise<string> | string {
  if (source === '-') return stdin();
  return isJson(source) ? source : readText(source, MAX_JSON_BYTES);
}

/** No file name that anybody uses begins like an object or a list. */
function isJson(source: string): boolean {
  return /^\s*[{[]/.test(source);
}
