import { deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { CodedError } from '#proto';
import { VerificationError } from '../../errors.ts';
import { readSdJwt } from '../sd-jwt/text.ts';
import { decodeBase45, encodeBase45 } from './base45.ts';
import dictionary from './dictionary.json' with { type: 'json' };

/*
 * Certificates on paper (纸质凭证): a whole presentation as the text of a QR code, which verifies with nothing but the
 * statement of its issuer. A QR code has little room, so that what base64url makes longer is decoded, and all of it is
 * compressed with a dictionary of the words that stand in every certificate.
 */

const PREFIX = 'TONGBAN-C:';
/** Characters of the largest QR code that there is (version 40, level L, alphanumeric; ISO/IEC 18004, table 7). */
const MAX_LENGTH = 4296;
/** Bytes before compression. */
const MAX_BODY = 32 * 1024;
/** First byte: how the others are to be read. */
const FORMAT = 1;
const MAX_PART = 0xffff;
const DEFLATE: ZlibOptions = { level: 9, memLevel: 9, dictionary: Buffer.from(dictionary.parts.join('')) };

/** Whether the text of a QR code carries a certificate, whatever is to be thought of it. */
export function isPaperCertificate(text: string): boolean {
  return text.startsWith(PREFIX);
}

/**
 * Writes a presentation as the text of a QR code.
 *
 * @param presentation a certificate without key binding, which would be worth nothing later
 * @returns `TONGBAN-C:` and characters of a QR code's alphanumeric mode
 * @throws CodedError VALIDATION_FAILED when no QR code holds it or it has a key binding; VerificationError
 *   CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE when it is no certificate, or would not come back as it is
 */
export function writePaperCertificate(presentation: string): string {
  const text = packed(presentation);
  if (text === undefined)
    throw new CodedError('VALIDATION_FAILED', 'the certificate is too large for a QR code; show fewer of its fields');
  return text;
}

/** {@link writePaperCertificate}; undefined for what no QR code holds. */
export function packed(presentation: string): string | undefined {
  const { jwt, disclosures, binding } = readSdJwt(presentation);
  if (binding !== undefined)
    throw new CodedError('VALIDATION_FAILED', 'a key binding proves something for a moment and does not go on paper');
  const parts = [...jwt.split('.'), ...disclosures.map(({ encoded }) => encoded)];
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'));
  if (bytes.some(({ length }) => length > MAX_PART)) return undefined;
  const body = Buffer.concat(bytes.flatMap((part) => [lengthOf(part), part]));
  if (body.length > MAX_BODY) return undefined;
  const text = PREFIX + encodeBase45(Buffer.concat([Buffer.of(FORMAT), deflateRawSync(body, DEFLATE)]));
  if (text.length > MAX_LENGTH) return undefined;
  if (readPaperCertificate(text) !== presentation) malformed('would not come back from paper as it is');
  return text;
}

/**
 * Reads the text of a QR code as the presentation that it was made of. Nothing of it is verified.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED for what {@link writePaperCertificate} does not make
 */
export function readPaperCertificate(text: string): string {
  if (!isPaperCertificate(text)) malformed(`does not begin with ${PREFIX}`);
  if (text.length > MAX_LENGTH) malformed('is longer than any QR code');
  const bytes = decodeBase45(text.slice(PREFIX.length)) ?? malformed('is not base45');
  if (bytes[0] !== FORMAT) malformed('is of another version of this program; use a newer one');
  const [header, claims, signature, ...disclosures] = partsOf(inflated(bytes.subarray(1)));
  if (!header || !claims || !signature) return malformed('holds no signed certificate');
  return `${[`${header}.${claims}.${signature}`, ...disclosures].join('~')}~`;
}

/** Inflates the body, giving up as soon as it becomes larger than any may be; nothing may follow it. */
function inflated(compressed: Buffer): Buffer {
  let read: { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  try {
    const options = { ...DEFLATE, maxOutputLength: MAX_BODY, info: true };
    read = inflateRawSync(compressed, options) as unknown as typeof read;
  } catch (cause) {
    const isLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return malformed(isLarge ? `inflates to more than ${MAX_BODY} bytes` : 'cannot be inflated', cause);
  }
  if (read.engine.bytesWritten !== compressed.length) malformed('has bytes after its end');
  return read.buffer;
}

/** The parts of a body in base64url. */
function partsOf(body: Buffer): string[] {
  const parts: string[] = [];
  let at = 0;
  while (at < body.length) {
    const from = at + 2;
    if (from > body.length) malformed('ends within a length');
    at = from + body.readUInt16BE(at);
    if (at > body.length) malformed('ends within a part');
    parts.push(body.toString('base64url', from, at));
  }
  return parts;
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(part.length);
  return length;
}

function malformed(what: string, cause?: unknown): never {
  throw new VerificationError('CERTIFICATE_MALFORMED', `the certificate in the QR code ${what}`, [], { cause });
}
