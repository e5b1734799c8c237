import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { fileError } from './files.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const PDF_START = '%PDF-';

/**
 * Reads a certificate that the user named: the bytes of its PDF, or its text.
 *
 * @throws CodedError VALIDATION_FAILED when the file cannot be read or is too large
 */
export async function readCertificateFile(file: string): Promise<string | Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${MAX_BYTES} bytes`);
    const bytes = await readFile(file);
    const isPdf = bytes.subarray(0, PDF_START.length).toString('latin1') === PDF_START;
    return isPdf ? bytes : bytes.toString('utf8').trim();
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}
