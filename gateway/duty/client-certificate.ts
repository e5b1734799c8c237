import { createHash, X509Certificate } from 'node:crypto';
import { CodedError } from '#proto';

/** What counts of a client certificate. Milliseconds. */
export interface ClientCertificate {
  /** SHA-256 of its DER (`x5t#S256`, RFC 8705 section 3.1). */
  readonly fingerprint: Buffer;
  readonly from: number;
  readonly to: number;
}

/** @param certificate PEM or DER. @throws Error if it is none */
export function clientCertificate(certificate: string | Uint8Array): ClientCertificate {
  const read = new X509Certificate(certificate);
  return {
    fingerprint: createHash('sha256').update(read.raw).digest(),
    from: read.validFromDate.getTime(),
    to: read.validToDate.getTime(),
  };
}

/** Whether it counts at a moment (milliseconds). */
export function isInTime({ from, to }: ClientCertificate, now: number): boolean {
  return from <= now && now <= to;
}

/**
 * Reads the certificate that an administrator is to be known by.
 *
 * @throws CodedError VALIDATION_FAILED
 */
export function readClientCertificate(pem: string, now: number): ClientCertificate {
  const wrong = (message: string) =>
    new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/certificate', code: 'FORMAT', message }]);
  let read: ClientCertificate;
  try {
    read = clientCertificate(pem);
  } catch {
    throw wrong('must be a certificate in PEM');
  }
  if (!isInTime(read, now)) throw wrong('is not valid now');
  return read;
}
