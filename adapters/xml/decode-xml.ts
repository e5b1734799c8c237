import { byteOrderMark, type Encoding, encodingNamed, StrictDecoder } from '../encodings.ts';
import { unreadable } from '../unreadable.ts';

/** The declaration stands at the very beginning and is ASCII. */
const DECLARATION_BYTES = 256;
const DECLARED = /^<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']/;

/**
 * Text of an XML document. Its encoding is, in this order, what the byte order mark says, what the carrier said, what the
 * declaration of the document says, what the configuration says, and else UTF-8 (XML 1.0 section 4.3.3, RFC 7303).
 *
 * @param carrier `charset` of the media type with which it came
 * @param configured for documents that say nothing
 * @throws Unreadable ENCODING
 */
export function decodeXml(bytes: Uint8Array, carrier?: string, configured?: Encoding): string {
  const { encoding, declared } = encodingOf(bytes, carrier, configured);
  return new StrictDecoder(encoding, declared).decode(bytes, true);
}

function encodingOf(bytes: Uint8Array, carrier: string | undefined, configured: Encoding | undefined) {
  const mark = byteOrderMark(bytes);
  if (mark) return { encoding: agreeing(mark, bytes), declared: true };
  const named = carrier ?? DECLARED.exec(asciiHead(bytes))?.[1];
  if (named === undefined) return { encoding: configured ?? 'utf-8', declared: configured !== undefined };
  const encoding = encodingNamed(named);
  if (encoding === 'utf-16') throw unreadable('ENCODING', 'is UTF-16 without a byte order mark');
  return { encoding, declared: true };
}

/** A document that says two things at once may have been changed on its way: which of them is true, nobody knows. */
function agreeing(mark: Encoding, bytes: Uint8Array): Encoding {
  const head = new TextDecoder(mark).decode(bytes.subarray(0, DECLARATION_BYTES));
  const named = DECLARED.exec(head)?.[1];
  const declared = named === undefined ? mark : encodingNamed(named);
  if (declared === mark || (declared === 'utf-16' && mark !== 'utf-8')) return mark;
  throw unreadable('ENCODING', 'begins with the byte order mark of another encoding than it declares');
}

function asciiHead(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, DECLARATION_BYTES)).toString('latin1');
}
