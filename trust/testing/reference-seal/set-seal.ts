import { PdfFile } from '../../document/pdf/file.ts';
import type { PdfDictionary } from '../../document/pdf/objects.ts';
import { pagesOf } from '../../document/pdf/pages.ts';
import { PdfUpdate } from '../../document/pdf/update.ts';
import { TEST_NOW, type TestSigner } from '../../document/testing/certificates.ts';
import { setSeal } from '../../document/testing/e-seals.ts';
import { opensslCms } from '../../document/testing/pdf.ts';

/** A file while a seal is set on it, for whoever changes more than that. */
export interface SealedFile {
  readonly file: PdfFile;
  readonly update: PdfUpdate;
  /** Number of the first page, and what it says. */
  readonly page: number;
  readonly pageDictionary: PdfDictionary;
}

/** Whose seal it is; the maker matters for electronic seals only. */
export interface SealHolder {
  readonly signer: TestSigner;
  readonly maker: TestSigner;
}

export interface SealSetting {
  /** Makes the signature over the bytes; by the kind of key of the signer unless told. */
  readonly sign?: (content: Buffer) => Buffer;
  /** Changes something else. */
  readonly tamper?: (sealed: SealedFile) => void;
  /** Changes bytes of the file before it is signed. */
  readonly spoil?: (file: Buffer) => void;
  /** What the field and the signature in it say more. */
  readonly field?: string;
  readonly signature?: string;
  /** Points of a side of its picture. */
  readonly side?: number;
  /** Milliseconds. */
  readonly signedAt?: number;
}

const ROOM = 16_384;
const PLACEHOLDER = `<${'0'.repeat(2 * ROOM)}>`;
const RANGE = '0 9999999999 9999999999 9999999999';

/**
 * Sets a seal on a PDF as services of others do: a picture on the first page, and a signature over everything in an
 * update at the end. With an SM2 key it is an electronic seal (GB/T 38540), else CMS of the openssl command line.
 */
export function setSealOn(pdf: Buffer, holder: SealHolder, setting: SealSetting = {}): Buffer {
  const { sign = signatureOf(holder), tamper = () => {}, spoil = () => {} } = setting;
  const file = new PdfFile(pdf);
  const update = new PdfUpdate(file);
  const page = pagesOf(file)[0]!;
  const pageDictionary = file.dictionary(file.find(page)?.object);
  const field = addField(update, page, setting);
  update.append(page, pageDictionary, 'Annots', field);
  const form = file.catalog.entries.get('AcroForm')?.value;
  if (!form) update.set(file.root, file.catalog, 'AcroForm', `<< /Fields [${field} 0 R] /SigFlags 3 >>`);
  else update.append(form.kind === 'reference' ? form.number : file.root, file.dictionary(form), 'Fields', field);
  tamper({ file, update, page, pageDictionary });
  return signed(update.written(), spoil, sign);
}

function addField(update: PdfUpdate, page: number, setting: SealSetting): number {
  const { field = '', signature: more = '', side = 119, signedAt = TEST_NOW } = setting;
  const drawn = `1 0 0 RG 3 w 2 2 ${side - 4} ${side - 4} re S`;
  const box = `/Type /XObject /Subtype /Form /BBox [0 0 ${side} ${side}] /Length ${drawn.length}`;
  const picture = update.add(() => `<< ${box} >>\nstream\n${drawn}\nendstream`);
  const time = new Date(signedAt).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  const kind = `/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:${time}Z)`;
  const signature = update.add(() => `<< ${kind} /ByteRange [${RANGE}] /Contents ${PLACEHOLDER} ${more} >>`);
  const rectangle = `/Rect [400 200 ${400 + side} ${200 + side}] /F 132 /P ${page} 0 R /AP << /N ${picture} 0 R >>`;
  const named = (number: number) => `/FT /Sig /T (Seal${number}) /V ${signature} 0 R`;
  return update.add((number) => `<< /Type /Annot /Subtype /Widget ${rectangle} ${named(number)} ${field} >>`);
}

function signed(file: Buffer, spoil: (file: Buffer) => void, sign: (content: Buffer) => Buffer): Buffer {
  const from = file.lastIndexOf(PLACEHOLDER);
  const to = from + PLACEHOLDER.length;
  file.write(`0 ${from} ${to} ${file.length - to}`.padEnd(RANGE.length), file.lastIndexOf(RANGE), 'latin1');
  spoil(file);
  const signature = sign(Buffer.concat([file.subarray(0, from), file.subarray(to)]));
  file.write(signature.toString('hex'), from + 1, 'latin1');
  return file;
}

function signatureOf({ signer, maker }: SealHolder): (content: Buffer) => Buffer {
  return (content) => (signer.kind === 'sm2' ? setSeal(content, signer, maker).value : opensslCms(content, signer));
}
