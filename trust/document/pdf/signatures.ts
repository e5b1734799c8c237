import { parseTime } from '../crypto/asn1.ts';
import { DocumentFault, type DocumentFindings } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { isRegular, type PdfDictionary, type PdfObject, readDictionary } from './objects.ts';

/** A signature dictionary (ISO 32000-1, 12.8.1) in its place. */
export interface PdfSignature {
  /** Its bytes, for people: `byte 1234`. */
  readonly place: string;
  readonly byteRange: readonly number[];
  readonly contents: { readonly bytes: Buffer; readonly from: number; readonly to: number };
  readonly subFilter: string;
  /** `Sig` or `DocTimeStamp`. */
  readonly type: string;
  /** Milliseconds: the entry M. */
  readonly signedAt: number | undefined;
}

const KEY = Buffer.from('/ByteRange');
const OBJECT = Buffer.from('obj');
/** Bytes before a key within which its object begins: hexadecimal of the largest signature, and the rest. */
const REACH = 2 * DOCUMENT_LIMITS.signatureBytes + DOCUMENT_LIMITS.pdfDictionaryBytes;
/** Places that may look like a signature: text of a page may have the word too. */
const MAX_PLACES = 2 * DOCUMENT_LIMITS.seals;

/**
 * Finds the signature dictionaries by their byte ranges. They cannot be compressed, since the range counts bytes of the
 * file.
 *
 * @throws DocumentFault too-many-seals
 */
export function findSignatures(bytes: Buffer, findings: DocumentFindings): PdfSignature[] {
  const places = placesOf(bytes);
  const found = places.map((at) => findings.attempt(`byte ${at}`, () => signatureAt(bytes, at)));
  const signatures = found.filter((signature) => signature !== undefined);
  if (signatures.length > DOCUMENT_LIMITS.seals) throw new DocumentFault('too-many-seals', 'too many signatures');
  return signatures;
}

function placesOf(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, at + KEY.length)) {
    if (isRegular(bytes[at + KEY.length])) continue;
    if (places.length >= MAX_PLACES) throw new DocumentFault('too-many-seals', 'too many byte ranges');
    places.push(at);
  }
  return places;
}

/** The signature with the byte range at a place; undefined where that is text of a page or the like. */
function signatureAt(bytes: Buffer, at: number): PdfSignature | undefined {
  const start = objectBefore(bytes, at);
  const whole = start === undefined ? undefined : readDictionary(bytes, start, at + REACH);
  const entries = whole && holder(whole, at)?.entries;
  if (!entries) return undefined;
  const text = (key: string) => textOf(entries.get(key)?.value);
  const contents = entries.get('Contents')?.value;
  if (contents?.kind !== 'string' || !contents.isHex)
    throw new DocumentFault('seal-malformed', 'the signature has no hexadecimal Contents');
  return {
    place: `byte ${at}`,
    byteRange: numbersOf(entries.get('ByteRange')?.value),
    contents,
    subFilter: text('SubFilter'),
    type: text('Type'),
    // D:20260102030405+08'00' (ISO 32000-1, 7.9.4)
    signedAt: parseTime(text('M').replace(/^D:/, '').replaceAll("'", '')),
  };
}

function objectBefore(bytes: Buffer, at: number): number | undefined {
  const from = Math.max(0, at - REACH);
  const found = bytes.subarray(from, at).lastIndexOf(OBJECT);
  return found < 0 ? undefined : from + found + OBJECT.length;
}

/** The dictionary, this one or one inside it, that has a byte range at a place. */
function holder(object: PdfObject, at: number): PdfDictionary | undefined {
  if (object.kind === 'array') return firstOf(object.items, at);
  if (object.kind !== 'dictionary') return undefined;
  if (object.entries.get('ByteRange')?.at === at) return object;
  return firstOf(
    [...object.entries.values()].map(({ value }) => value),
    at,
  );
}

function firstOf(objects: readonly PdfObject[], at: number): PdfDictionary | undefined {
  for (const object of objects) {
    const found = holder(object, at);
    if (found) return found;
  }
  return undefined;
}

function numbersOf(object: PdfObject | undefined): number[] {
  if (object?.kind !== 'array') return [];
  return object.items.map((item) => (item.kind === 'number' ? item.value : Number.NaN));
}

function textOf(object: PdfObject | undefined): string {
  if (object?.kind === 'name') return object.text;
  return object?.kind === 'string' ? object.bytes.toString('latin1') : '';
}
