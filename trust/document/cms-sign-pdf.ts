import { CodedError } from '#proto';
import { DocumentFault } from './findings.ts';
import { PdfFile } from './pdf/file.ts';
import { pagesOf } from './pdf/pages.ts';
import { PdfUpdate } from './pdf/update.ts';

/** What a signature dictionary says beside the signature. */
export interface SignatureWords {
  /** Who signs. */
  readonly name: string;
  readonly reason: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Bytes that are kept free for a signature: certificate and attributes take less than 2,000. */
const SIGNATURE_BYTES = 8192;
const PLACEHOLDER = `<${'0'.repeat(2 * SIGNATURE_BYTES)}>`;
/** Numbers of the byte range before they are known: as wide as any. */
const RANGE = '0 9999999999 9999999999 9999999999';
/** Print, and keep its place (ISO 32000-1, 12.5.3). */
const WIDGET_FLAGS = 4 + 128;
/** There are signatures, and the file may only be appended to. */
const SIGNATURE_FLAGS = 1 + 2;

/**
 * Signs a PDF by an update at its end: PAdES-B-B (ETSI EN 319 142-1), a CMS signature over every byte but itself (ISO
 * 32000-1, 12.8). It shows nothing, and signatures that the file has already stay good.
 *
 * @param bytes a PDF with plain cross-reference tables
 * @param sign makes the CMS of these bytes
 * @throws CodedError RENDITION_UNSUPPORTED for a file that cannot be appended to
 */
export async function signPdf(
  bytes: Buffer,
  words: SignatureWords,
  sign: (content: Buffer) => Promise<Buffer>,
): Promise<Buffer> {
  const file = withPlace(bytes, words);
  const from = file.lastIndexOf(PLACEHOLDER);
  const to = from + PLACEHOLDER.length;
  const range = `0 ${from} ${to} ${file.length - to}`.padEnd(RANGE.length);
  file.write(range, file.lastIndexOf(RANGE), 'latin1');
  const signature = await sign(Buffer.concat([file.subarray(0, from), file.subarray(to)]));
  if (signature.length > SIGNATURE_BYTES) throw new RangeError(`the signature takes ${signature.length} bytes`);
  // The zeros that follow it stay.
  file.write(signature.toString('hex'), from + 1, 'latin1');
  return file;
}

/** The file with a place for the signature and the field that holds it. */
function withPlace(bytes: Buffer, words: SignatureWords): Buffer {
  try {
    const file = new PdfFile(bytes);
    const update = new PdfUpdate(file);
    const page = pagesOf(file)[0]!;
    const signature = update.add(() => dictionaryOf(words));
    const field = update.add((number) => fieldOf(number, signature, page));
    update.append(page, file.dictionary(file.find(page)?.object), 'Annots', field);
    addToForm(file, update, field);
    return update.written();
  } catch (cause) {
    if (!(cause instanceof DocumentFault)) throw cause;
    throw new CodedError('RENDITION_UNSUPPORTED', `the PDF cannot be signed: ${cause.message}`, [], { cause });
  }
}

function addToForm(file: PdfFile, update: PdfUpdate, field: number): void {
  const value = file.catalog.entries.get('AcroForm')?.value;
  if (!value) {
    update.set(file.root, file.catalog, 'AcroForm', `<< /Fields [${field} 0 R] /SigFlags ${SIGNATURE_FLAGS} >>`);
    return;
  }
  const holder = value.kind === 'reference' ? value.number : file.root;
  const form = file.dictionary(value);
  update.append(holder, form, 'Fields', field);
  update.set(holder, form, 'SigFlags', String(SIGNATURE_FLAGS));
}

function dictionaryOf({ name, reason, at }: SignatureWords): string {
  const time = new Date(at).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return [
    '<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached',
    `/Name ${textOf(name)} /Reason ${textOf(reason)} /M (D:${time}Z)`,
    `/ByteRange [${RANGE}] /Contents ${PLACEHOLDER} >>`,
  ].join(' ');
}

function fieldOf(number: number, signature: number, page: number): string {
  const shown = `/Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F ${WIDGET_FLAGS} /P ${page} 0 R`;
  return `<< ${shown} /FT /Sig /T (Signature${number}) /V ${signature} 0 R >>`;
}

/** Text in UTF-16 (ISO 32000-1, 7.9.2.2). */
function textOf(text: string): string {
  return `<feff${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
}
