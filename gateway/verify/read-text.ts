import { CodedError, parseCertificateReference } from '#proto';
import { isPaperCertificate, readPaperCertificate } from '#trust';

/** What a pasted or scanned text is. */
export type ReadText =
  | { readonly kind: 'reference'; readonly region: string; readonly reference: string }
  | { readonly kind: 'certificate' | 'paper'; readonly text: string };

/** A JWS, which an SD-JWT begins with. */
const CERTIFICATE = /^[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}(?:~|$)/;
/** A reference as people type it from paper: small letters, spaces, the colons of a Chinese keyboard. */
const TYPED = /^tongban\s*[:：]/i;

/**
 * Reads what stands in a QR code, a file or a text field. Whatever is no certificate must be a reference: a web address is
 * none, and nothing is ever opened.
 *
 * @throws CodedError CERTIFICATE_REFERENCE; VerificationError CERTIFICATE_MALFORMED for a broken certificate from paper
 */
export function readText(given: string): ReadText {
  const scanned = withoutEnds(given);
  if (isPaperCertificate(scanned)) return { kind: 'paper', text: readPaperCertificate(scanned) };
  const text = given.trim();
  if (CERTIFICATE.test(text)) return { kind: 'certificate', text };
  const typed = TYPED.test(text) ? text.replaceAll(/\s/g, '').replaceAll('：', ':').toUpperCase() : text;
  const read = parseCertificateReference(typed);
  if (!read.ok) throw new CodedError('CERTIFICATE_REFERENCE', `the text ${read.reason}`);
  return { kind: 'reference', ...read.value };
}

/**
 * A text without white space before it and line breaks behind it: a space may be the last character of a certificate from
 * paper. No regular expression: one for the end of a text begins anew at every line break within.
 */
function withoutEnds(given: string): string {
  const text = given.trimStart();
  let end = text.length;
  while (end > 0 && '\r\n\t'.includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}
