import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { fileError } from '../files.ts';

/** What a user laid before us: the text of a certificate, that of a QR code, or a PDF. */
export type Presented =
  | { readonly kind: 'certificate' | 'qr'; readonly text: string }
  | { readonly kind: 'pdf'; readonly bytes: Buffer };

const MAX_BYTES = 16 * 1024 * 1024;
const PDF_START = '%PDF-';
/** How every QR code begins that says anything of a certificate, and every address; no certificate has a colon. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Reads what the user named: a file, `-` for the standard input, or the text of a QR code itself.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read or is too large
 */
export async function readPresented(
  { file, qr }: { readonly file?: string | undefined; readonly qr?: string | undefined },
  stdin: () => Promise<string>,
): Promise<Presented> {
  if ((file === undefined) === (qr === undefined))
    throw new CodedError('VALIDATION_FAILED', 'name either a file (- for the standard input) or --qr, and not both');
  if (qr !== undefined) return { kind: 'qr', text: qr };
  const bytes = file === '-' ? Buffer.from(await stdin()) : await readBytes(file!);
  const isPdf = bytes.subarray(0, PDF_START.length).toString('latin1') === PDF_START;
  if (isPdf && file === '-') throw new CodedError('VALIDATION_FAILED', 'a PDF is named as a file, not piped in');
  if (isPdf) return { kind: 'pdf', bytes };
  const text = bytes.toString('utf8').trim();
  return { kind: SCHEME.test(text) ? 'qr' : 'certificate', text };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${MAX_BYTES} bytes`);
    return await readFile(file);
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}
