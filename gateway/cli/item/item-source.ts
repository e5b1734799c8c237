import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CodedError } from '#proto';
import { type ItemFile, readItemFile } from '../../catalogue/files/read-item-file.ts';
import { SHEET_LIMITS } from '../../catalogue/files/sheet.ts';
import { fileError } from '../files.ts';

/**
 * Reads items from a file, '-' for the standard input, or from JSON that is the source itself.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read or is too large
 */
export async function readItemSource(source: string, stdin: () => Promise<string>): Promise<ItemFile> {
  if (source === '-') return readItemFile(Buffer.from(await stdin()), '');
  if (/^\s*[{[]/.test(source)) return readItemFile(Buffer.from(source), '');
  return readItemFile(await bytesOf(source), basename(source));
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > SHEET_LIMITS.fileBytes)
      throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${SHEET_LIMITS.fileBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}
