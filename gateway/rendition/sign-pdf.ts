import { type PDFDocument, PDFHexString, PDFName, PDFNumber, PDFString } from 'pdf-lib';

/** What a signature dictionary says beside the signature. */
export interface SignatureWords {
  /** Who signs. */
  readonly name: string;
  /** Milliseconds. */
  readonly at: number;
}

/** Bytes that are kept free for a signature: certificate and attributes take less than 2,000. */
const SIGNATURE_BYTES = 8192;
/** A number of the byte range before it is known: as wide as any. */
const UNKNOWN = 9_999_999_999;
/** Print, and keep its place (ISO 32000-1, 12.5.3). */
const WIDGET_FLAGS = 4 + 128;
/** There are signatures, and the file may only be appended to. */
const SIGNATURE_FLAGS = 1 + 2;

/**
 * Signs a document: PAdES-B-B (ETSI EN 319 142-1), a CMS signature over every byte but itself (ISO 32000-1, 12.8).
 *
 * @param sign makes the CMS of these bytes
 */
export async function signPdf(
  document: PDFDocument,
  words: SignatureWords,
  sign: (content: Buffer) => Promise<Buffer>,
): Promise<Buffer> {
  addSignature(document, words);
  const file = Buffer.from(
    await document.save({ useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false }),
  );
  const { from, to } = setByteRange(file);
  const signature = await sign(Buffer.concat([file.subarray(0, from), file.subarray(to)]));
  if (signature.length > SIGNATURE_BYTES) throw new RangeError(`the signature takes ${signature.length} bytes`);
  // The zeros that follow it stay.
  file.write(signature.toString('hex'), from + 1, 'latin1');
  return file;
}

function addSignature(document: PDFDocument, { name, at }: SignatureWords): void {
  const { context, catalog } = document;
  const page = document.getPage(0);
  const signature = context.obj({
    Type: 'Sig',
    Filter: 'Adobe.PPKLite',
    SubFilter: 'ETSI.CAdES.detached',
    ByteRange: [0, UNKNOWN, UNKNOWN, UNKNOWN],
  });
  signature.set(PDFName.of('Contents'), PDFHexString.of('0'.repeat(2 * SIGNATURE_BYTES)));
  signature.set(PDFName.of('M'), PDFString.fromDate(new Date(at)));
  signature.set(PDFName.of('Name'), PDFHexString.fromText(name));
  // It shows nothing: the drawn seal is part of the page.
  const field = context.obj({ Type: 'Annot', Subtype: 'Widget', FT: 'Sig', Rect: [0, 0, 0, 0], F: WIDGET_FLAGS });
  field.set(PDFName.of('T'), PDFString.of('Signature1'));
  field.set(PDFName.of('V'), context.register(signature));
  field.set(PDFName.of('P'), page.ref);
  const reference = context.register(field);
  page.node.addAnnot(reference);
  const form = context.obj({ Fields: [reference] });
  form.set(PDFName.of('SigFlags'), PDFNumber.of(SIGNATURE_FLAGS));
  catalog.set(PDFName.of('AcroForm'), context.register(form));
}

/** Writes the byte range into its place. @returns where the signature stands, with its brackets */
function setByteRange(file: Buffer): { from: number; to: number } {
  // Everything else that could look so is compressed or hexadecimal.
  const from = file.indexOf(`<${'0'.repeat(2 * SIGNATURE_BYTES)}>`);
  const to = from + 2 * SIGNATURE_BYTES + 2;
  const placeholder = `[ 0 ${UNKNOWN} ${UNKNOWN} ${UNKNOWN} ]`;
  const at = file.indexOf(placeholder);
  if (from < 0 || at < 0) throw new RangeError('the place of the signature is not in the file');
  file.write(`[ 0 ${from} ${to} ${file.length - to}`.padEnd(placeholder.length - 1), at, 'latin1');
  return { from, to };
}
