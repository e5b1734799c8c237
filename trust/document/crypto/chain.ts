import { DocumentFault } from '../findings.ts';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { signatureAlgorithm, verifySignature } from './algorithms.ts';
import type { Certificate } from './x509.ts';

/** Whether a certificate leads to a trusted one, and if not why, in English. */
export type Trust =
  /** With the certificates from it to the trusted one. */
  { readonly trusted: true; readonly path: readonly Certificate[] } | { readonly trusted: false; readonly why: string };

/**
 * Looks for a chain from a certificate to one of the trust list (RFC 5280, 6, without policies, name constraints and
 * revocation), every certificate of it valid at a moment.
 *
 * @param others certificates that came along, believed only as far as they are signed
 * @param anchors the trust list: authorities, or certificates of signers themselves
 * @param at milliseconds
 */
export function findTrust(
  certificate: Certificate,
  others: readonly Certificate[],
  anchors: readonly Certificate[],
  at: number,
): Trust {
  let tries: number = DOCUMENT_LIMITS.chainTries;
  const pathFrom = (current: Certificate, depth: number): readonly Certificate[] | undefined => {
    if (!validAt(current, at) || current.unknownCritical.length > 0) return undefined;
    if (anchors.some(({ raw }) => raw.equals(current.raw))) return [current];
    if (depth >= DOCUMENT_LIMITS.chain) return undefined;
    for (const candidate of [...anchors, ...others]) {
      if (!mayHaveIssued(candidate, current, depth) || tries <= 0) continue;
      tries -= 1;
      const rest = signedBy(current, candidate) ? pathFrom(candidate, depth + 1) : undefined;
      if (rest) return [current, ...rest];
    }
    return undefined;
  };
  const path = pathFrom(certificate, 0);
  if (path) return { trusted: true, path };
  return { trusted: false, why: whyNot(certificate, others, anchors, at) };
}

export function validAt({ notBefore, notAfter }: Certificate, at: number): boolean {
  return at >= notBefore && at <= notAfter;
}

/** @param depth authorities between it and the signer */
function mayHaveIssued(candidate: Certificate, of: Certificate, depth: number): boolean {
  return (
    candidate.subject.equals(of.issuer) &&
    !candidate.raw.equals(of.raw) &&
    candidate.isCa &&
    candidate.usage.certificates &&
    candidate.pathLength >= depth
  );
}

/** Whether one certificate was signed with the key of another. */
export function signedBy({ algorithm, tbs, signature }: Certificate, { key }: Certificate): boolean {
  if (!key || key.weak) return false;
  try {
    const named = signatureAlgorithm(algorithm);
    return named.hash !== 'sha1' && verifySignature(named, key, tbs, signature);
  } catch (error) {
    if (error instanceof DocumentFault) return false;
    throw error;
  }
}

function whyNot(
  certificate: Certificate,
  others: readonly Certificate[],
  anchors: readonly Certificate[],
  at: number,
): string {
  if (certificate.unknownCritical.length > 0)
    return `its certificate has the critical extension ${certificate.unknownCritical[0]}, which is not understood`;
  const issuers = [...anchors, ...others].filter(({ subject }) => subject.equals(certificate.issuer));
  if (issuers.length === 0) return 'the issuer of its certificate is neither in the trust list nor enclosed';
  if (!issuers.some((issuer) => signedBy(certificate, issuer)))
    return 'its certificate was not signed by the issuer that it names';
  if (!issuers.some((issuer) => validAt(issuer, at))) return 'the issuer of its certificate was not valid at the time';
  return 'its certificate leads to none of the trust list';
}
