import { readFile, stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import { fileError } from '../files.ts';

/** What a user laid before us: the text of a certificate, that of a QR code, or a PDF. */
export type Presented =
  | { readonly kind: 'certificate' | 'qr'; readonly text: string }
  | { readonly kind: 'pdf'; readonly bytes: Buffer };

const MAX_BYTES = 16 * 1024 * 1024;
const PDF_START = '%PDF-';
/** How a ZIP begins, and so an OFD. */
const ZIP_START = 'PK\u0003\u0004';
/** How every QR code begins that says anything of a certificate, and every address; no certificate has a colon. */
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Reads what the user named: a file, `-` for the standard input, or the text of a QR code itself.
 *
 * @throws CodedError VALIDATION_FAILED when it cannot be read, is too large, or is an OFD
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
  if (bytes.subarray(0, ZIP_START.length).toString('latin1') === ZIP_START)
    throw new CodedError(
      'VALIDATION_FAILED',
      'OFD 文件及其签章请用 tongban document verify 核验;这里只读证照、其 PDF 或二维码文本 / an OFD and its seals are verified with tongban document verify; this reads a certificate, its PDF or the text of a QR code',
    );
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
