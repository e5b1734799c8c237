import { digest, hashNamed, type SignatureAlgorithm } from '../crypto/algorithms.ts';
import { findTrust } from '../crypto/chain.ts';
import { type Certificate, readCertificate } from '../crypto/x509.ts';
import type { DocumentFindings } from '../findings.ts';
import type { SealPicture } from '../report.ts';
import type { JudgedSeal, JudgingContext, SealedContent } from './context.ts';
import type { ESeal, ESealSignature } from './e-seal.ts';
import { judgeRevocation, judgeSignature, judgeSigner, partyOf, type SealingTime, sealingTime } from './signer.ts';

/**
 * Judges a seal that was set (GB/T 38540-2020, 7.4): it is over this content, its signer signed, the signer may use the
 * seal, a maker certified the seal, and each was valid at the time.
 *
 * @param saidAt milliseconds: the time that the document tells, where the seal itself has none
 */
export function judgeESeal(
  signature: ESealSignature,
  content: SealedContent,
  saidAt: number | undefined,
  context: JudgingContext,
  where: string,
  findings: DocumentFindings,
): JudgedSeal {
  const { form, seal } = signature;
  const time = sealingTime(
    signature.signedAt ?? saidAt,
    signature.timestamp,
    signature.signature,
    context,
    where,
    findings,
  );
  const signer = findings.attempt(where, () => readCertificate(signature.certificate));
  const maker = findings.attempt(where, () => readCertificate(seal.makerCertificate));
  const algorithm = signer && judgeOwnSignature(signature, signer, content, where, findings);
  if (!mayUse(seal, signature.certificate)) findings.add('seal-signer', where);
  const others = [signer, maker].filter((certificate) => certificate !== undefined);
  return {
    form,
    signer: signer && judgeSigner(signer, others, time, context, where, findings),
    seal: pictureOf(seal, maker, others, time, context, where, findings),
    algorithm: algorithm?.name ?? '',
    signedAt: time.at,
    timeFrom: time.from,
  };
}

function judgeOwnSignature(
  { tbs, dataHash, algorithm, signature }: ESealSignature,
  certificate: Certificate,
  content: SealedContent,
  where: string,
  findings: DocumentFindings,
): SignatureAlgorithm | undefined {
  const signed = { certificate, algorithm, signed: tbs, signature, broken: 'signature-invalid' } as const;
  const named = judgeSignature(signed, where, findings);
  if (named && !content.digest(named.hash).equals(dataHash)) findings.add('content-mismatch', where);
  return named;
}

/** Whether the certificate of a signer is one of those for which the seal was made. */
function mayUse({ certificates, certificateDigests }: ESeal, certificate: Buffer): boolean {
  return (
    certificates.some((listed) => listed.equals(certificate)) ||
    certificateDigests.some(({ hash, value }) => {
      const name = hashNamed(hash);
      return name !== undefined && name !== 'sha1' && digest(name, certificate).equals(value);
    })
  );
}

/** The maker counts too: whoever is on the trust list could otherwise make a seal with the name of another. */
function pictureOf(
  seal: ESeal,
  maker: Certificate | undefined,
  others: readonly Certificate[],
  time: SealingTime,
  context: JudgingContext,
  where: string,
  findings: DocumentFindings,
): SealPicture {
  const at = time.at ?? context.now;
  const { id, name, validFrom, validUntil } = seal;
  if (at < validFrom || at > validUntil) findings.add('seal-time', where);
  if (!maker) return { id, name, validFrom, validUntil, maker: undefined };
  const { makerAlgorithm: algorithm, makerSigned: signed, makerSignature: signature } = seal;
  judgeSignature(
    { certificate: maker, algorithm, signed, signature, broken: 'seal-signature-invalid' },
    where,
    findings,
  );
  // The maker signed when the seal was made, which is before it was used; that its certificate ended since is no fault.
  const made = Math.min(Math.max(validFrom, maker.notBefore), maker.notAfter);
  const trust = findTrust(maker, others, context.anchors, made);
  if (!trust.trusted && context.anchors.length > 0) findings.add('maker-untrusted', where, trust.why);
  const revocation = judgeRevocation(trust, others, { at: made, time }, context, where, findings);
  return { id, name, validFrom, validUntil, maker: partyOf(maker, trust.trusted, revocation) };
}
