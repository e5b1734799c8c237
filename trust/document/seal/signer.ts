import { VerificationError } from '../../errors.ts';
import { verifyTimestamp } from '../../evidence/timestamp.ts';
import { noteWeakness, type SignatureAlgorithm, signatureAlgorithm, verifySignature } from '../crypto/algorithms.ts';
import { findTrust, validAt } from '../crypto/chain.ts';
import type { Certificate } from '../crypto/x509.ts';
import type { DocumentFindings, FindingCode } from '../findings.ts';
import type { Party } from '../report.ts';
import type { JudgingContext } from './context.ts';

/** Milliseconds by which a signer's clock may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** When a seal was set, and whose clock said so. */
export interface SealingTime {
  /** Milliseconds. */
  readonly at: number | undefined;
  readonly from: 'signer' | 'timestamp';
}

/**
 * Verifies one signature with the certificate that came along.
 *
 * @param hash object identifier of the digest algorithm, where the format names one
 * @param broken what is found when it does not verify
 * @returns undefined when the algorithm is not supported
 */
export function judgeSignature(
  {
    certificate,
    algorithm,
    hash,
    signed,
    signature,
    broken,
  }: {
    readonly certificate: Certificate;
    readonly algorithm: string;
    readonly hash?: string;
    readonly signed: Uint8Array;
    readonly signature: Buffer;
    readonly broken: FindingCode;
  },
  where: string,
  findings: DocumentFindings,
): SignatureAlgorithm | undefined {
  const named = findings.attempt(where, () => signatureAlgorithm(algorithm, hash));
  if (!named) return undefined;
  const { key } = certificate;
  if (!key) findings.add('algorithm-unsupported', where, 'the kind of key of the certificate is not supported here');
  else if (!verifySignature(named, key, signed, signature)) findings.add(broken, where);
  noteWeakness(named, key, findings, where);
  return named;
}

/**
 * Judges the certificate of a signer: valid when it signed, for signatures, and leading to the trust list.
 *
 * @param others certificates that came along
 */
export function judgeSigner(
  certificate: Certificate,
  others: readonly Certificate[],
  time: SealingTime,
  context: JudgingContext,
  where: string,
  findings: DocumentFindings,
): Party {
  const at = time.at ?? context.now;
  if (at > context.now + CLOCK_SKEW_MS) findings.add('time-ahead', where);
  const isValid = validAt(certificate, at);
  if (!isValid) findings.add('certificate-time', where);
  if (!certificate.usage.documents) findings.add('signer-usage', where);
  const trust = isValid ? findTrust(certificate, others, context.anchors, at) : { trusted: false, why: '' };
  if (context.anchors.length === 0) findings.add('trust-list-empty', where);
  else if (!trust.trusted && isValid) findings.add('signer-untrusted', where, 'why' in trust ? trust.why : '');
  if (trust.trusted) {
    findings.add('revocation-unknown', where);
    if (time.from === 'signer' && !validAt(certificate, context.now)) findings.add('time-unproven', where);
  }
  return partyOf(certificate, trust.trusted);
}

export function partyOf(certificate: Certificate, trusted: boolean): Party {
  const { subjectText, name, organisation, serial, notBefore, notAfter } = certificate;
  return { subject: subjectText, name, organisation, serial, validFrom: notBefore, validUntil: notAfter, trusted };
}

/** The time of a timestamp over a signature if it counts, else what the signer said. */
export function sealingTime(
  said: number | undefined,
  token: Buffer | undefined,
  signature: Buffer,
  { authorities }: JudgingContext,
  where: string,
  findings: DocumentFindings,
): SealingTime {
  if (!token) return { at: said, from: 'signer' };
  try {
    return { at: verifyTimestamp(token, signature, authorities).at, from: 'timestamp' };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    findings.add('timestamp-unproven', where, error.message);
    return { at: said, from: 'signer' };
  }
}
