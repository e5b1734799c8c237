import { VerificationError } from '../../errors.ts';
import { verifyTimestamp } from '../../evidence/timestamp.ts';
import {
  digest,
  noteWeakness,
  type SignatureAlgorithm,
  signatureAlgorithm,
  verifySignature,
} from '../crypto/algorithms.ts';
import { findTrust, type Trust, validAt } from '../crypto/chain.ts';
import { type Revocation, revocationOf } from '../crypto/revocation.ts';
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
  const trust: Trust = isValid ? findTrust(certificate, others, context.anchors, at) : { trusted: false, why: '' };
  if (context.anchors.length === 0) findings.add('trust-list-empty', where);
  else if (!trust.trusted && isValid) findings.add('signer-untrusted', where, trust.why);
  if (trust.trusted && time.from === 'signer' && !validAt(certificate, context.now))
    findings.add('time-unproven', where);
  const revocation = judgeRevocation(trust, others, { at, time }, context, where, findings);
  return partyOf(certificate, trust.trusted, revocation);
}

/**
 * Judges whether a trusted certificate was revoked. A later revocation takes nothing from a signature that a trusted
 * timestamp proves to be older; the word of the signer proves it not, since a thief of the key can write any time.
 *
 * @param at milliseconds at which the certificate was used, as far as is said
 * @param time of the seal
 * @returns undefined for a certificate that is not trusted: lists of strangers prove nothing
 */
export function judgeRevocation(
  trust: Trust,
  others: readonly Certificate[],
  { at, time }: { readonly at: number; readonly time: SealingTime },
  { anchors, revocationLists = [], now }: JudgingContext,
  where: string,
  findings: DocumentFindings,
): Revocation | undefined {
  if (!trust.trusted) return undefined;
  const revocation =
    findings.attempt(where, () => revocationOf(trust.path, [...anchors, ...others], revocationLists, now)) ??
    ({ state: 'unknown', why: 'a revocation list is malformed' } as const);
  if (revocation.state === 'unknown') findings.add('revocation-unknown', where, revocation.why);
  if (revocation.state !== 'revoked') return revocation;
  const proven = time.from === 'timestamp' && time.at !== undefined && time.at < revocation.at;
  const day = new Date(revocation.at).toISOString().slice(0, 10);
  findings.add(
    revocation.at <= at ? 'certificate-revoked' : proven ? 'revoked-later' : 'revoked-since',
    where,
    `${trust.path[0]!.subjectText}: revoked on ${day}`,
  );
  return revocation;
}

/** SHA-256 of a certificate, hex. */
export function fingerprintOf({ raw }: Pick<Certificate, 'raw'>): string {
  return digest('sha256', raw).toString('hex');
}

export function partyOf(certificate: Certificate, trusted: boolean, revocation: Revocation | undefined): Party {
  const { subjectText, name, organisation, serial, notBefore, notAfter } = certificate;
  const fingerprint = fingerprintOf(certificate);
  const validity = { validFrom: notBefore, validUntil: notAfter };
  return {
    subject: subjectText,
    name,
    organisation,
    serial,
    fingerprint,
    ...validity,
    trusted,
    revocation: revocation?.state ?? 'unknown',
    revocationAt: revocation && 'at' in revocation ? revocation.at : undefined,
  };
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
