import { createHash, verify, type X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, ExtendedKeyUsage } from '@peculiar/asn1-x509';
import { VerificationError } from '../errors.ts';

/** Certificates between that of a timestamp authority and a trusted one, at most. */
const MAX_CHAIN = 5;
const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

/** Hashes that count today, by their object identifiers. */
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Signature algorithms, with the hash that each is for; `rsaEncryption` leaves it to the digest algorithm. */
const SIGNATURES: Readonly<Record<string, string | undefined>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const RSA = '1.2.840.113549.1.1.1';

/** Computes a hash that a timestamp names. @throws VerificationError TIMESTAMP_INVALID for any outside the list */
export function digestBy(algorithm: string, bytes: Uint8Array): Buffer {
  const name = DIGESTS[algorithm] ?? invalid(`uses the hash ${algorithm}, which is not one of SHA-256, 384, 512`);
  return createHash(name).update(bytes).digest();
}

/** Verifies an RSA (PKCS #1 v1.5) or ECDSA signature of a CMS signer. @throws VerificationError TIMESTAMP_INVALID */
export function demandCmsSignature(
  { algorithm, digest }: { readonly algorithm: string; readonly digest: string },
  signer: X509Certificate,
  signed: Uint8Array,
  signature: Uint8Array,
): void {
  const hash = algorithm === RSA ? DIGESTS[digest] : SIGNATURES[algorithm];
  if (!hash) invalid(`has a signature of the kind ${algorithm}, which is not supported`);
  if (!verify(hash, signed, signer.publicKey, signature)) invalid('has a bad signature');
}

/**
 * Demands that a certificate is for timestamps alone (RFC 3161, 2.3) and leads to a trusted one, each valid at a
 * moment.
 *
 * @param others certificates that came with the timestamp
 * @param authorities certificates that are trusted, be it the authority's own or that of whoever issued it
 * @param at milliseconds
 * @throws VerificationError TIMESTAMP_INVALID
 */
export function demandTrusted(
  signer: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  at: number,
): void {
  demandTimeStamping(signer);
  let current = signer;
  for (let depth = 0; depth <= MAX_CHAIN; depth += 1) {
    if (at < current.validFromDate.getTime() || at > current.validToDate.getTime())
      invalid(`rests on the certificate ${nameOf(current)}, which was not valid at its time`);
    if (authorities.some(({ raw }) => raw.equals(current.raw))) return;
    const issuer = [...authorities, ...others].find((candidate) => isIssuer(candidate, current));
    if (!issuer) break;
    current = issuer;
  }
  invalid(`is by ${nameOf(signer)}, which leads to no trusted certificate`);
}

/** Name of a certificate's subject on one line. */
export function nameOf({ subject }: X509Certificate): string {
  return (subject ?? '').split('\n').join(', ');
}

function isIssuer(candidate: X509Certificate, of: X509Certificate): boolean {
  return candidate.ca && of.checkIssued(candidate) && of.verify(candidate.publicKey);
}

function demandTimeStamping(certificate: X509Certificate): void {
  const { extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  const usage = extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  const purposes = usage ? [...AsnConvert.parse(usage.extnValue, ExtendedKeyUsage)] : [];
  if (!usage?.critical || purposes.length !== 1 || purposes[0] !== TIME_STAMPING)
    invalid(`is by ${nameOf(certificate)}, whose certificate is not for timestamps alone`);
}

/** @throws VerificationError TIMESTAMP_INVALID */
export function invalid(what: string): never {
  throw new VerificationError('TIMESTAMP_INVALID', `the timestamp ${what}`);
}
