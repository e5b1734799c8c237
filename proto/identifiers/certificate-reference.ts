import { type Check, type Checked, failed, passed } from './check.ts';
import { isRegionCode } from './region-code.ts';

/** Random bytes behind a reference: nobody guesses one, and it says nothing about the certificate. */
export const CERTIFICATE_REFERENCE_BYTES = 16;

/** What a QR code of a certificate says. */
export interface CertificateReference {
  /** Region that issued the certificate and answers about it. */
  readonly region: string;
  /** 26 characters of base32. */
  readonly reference: string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** 128 bits fill 25 characters and three bits of the last one; its other bits are zero, so that there is one spelling. */
const REFERENCE = /^[A-Z2-7]{25}[AEIMQUY4]$/;
/** Capital letters, digits and colons only: a QR code writes them in its alphanumeric mode, in two thirds of the space. */
const SCHEME = 'TONGBAN';

/** Writes random bytes as the reference (查验码) of a certificate: base32 (RFC 4648, section 6) without padding. */
export function mintCertificateReference(bytes: Uint8Array): string {
  if (bytes.length !== CERTIFICATE_REFERENCE_BYTES)
    throw new RangeError(`a reference is made of ${CERTIFICATE_REFERENCE_BYTES} bytes`);
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  bits <<= 2n;
  const characters = Array.from({ length: 26 }, (_, at) => ALPHABET[Number((bits >> BigInt(125 - 5 * at)) & 31n)]);
  return characters.join('');
}

/** Whether a text is a reference. */
export function checkCertificateReference(text: string): Check {
  return REFERENCE.test(text) ? passed : failed('must be the 26 characters of a certificate reference');
}

/** The text of the QR code: `TONGBAN:150626:REFERENCE`. */
export function formatCertificateReference({ region, reference }: CertificateReference): string {
  return `${SCHEME}:${region}:${reference}`;
}

/**
 * Reads the text of a QR code. It is only ever a reference: a web address, which could lead to anybody's page, is none
 * and is not opened.
 */
export function parseCertificateReference(text: string): Checked<CertificateReference> {
  const [scheme, region, reference, ...rest] = text.split(':');
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) && scheme !== SCHEME)
    return failed('is an address of something else and is not opened; it must be TONGBAN:REGION:REFERENCE');
  if (scheme !== SCHEME || region === undefined || reference === undefined || rest.length > 0)
    return failed('must be TONGBAN:REGION:REFERENCE');
  if (!isRegionCode(region)) return failed('names no region');
  const good = checkCertificateReference(reference);
  return good.ok ? { ok: true, value: { region, reference } } : good;
}
