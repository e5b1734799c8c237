import { digest, hashNamed, noteWeakness, type SignatureAlgorithm } from '../crypto/algorithms.ts';
import { Members, oidOf, singleElement, TAG } from '../crypto/asn1.ts';
import { type Certificate, readCertificate } from '../crypto/x509.ts';
import type { DocumentFindings } from '../findings.ts';
import { ATTRIBUTE, type CmsSignature, type CmsSigner, signingTimeOf } from './cms.ts';
import type { JudgedSeal, JudgingContext, SealedContent } from './context.ts';
import { judgeSignature, judgeSigner, sealingTime } from './signer.ts';

/** Plain data, as RFC 5652 and GB/T 35275 name it. */
const DATA = new Set(['1.2.840.113549.1.7.1', '1.2.156.10197.6.1.4.2.1']);

/**
 * Judges a CMS signature: it is over this content, the certificate that it names signed, and leads to the trust list.
 *
 * @param saidAt milliseconds: the time that the document tells, where the signature itself has none
 */
export function judgeCms(
  cms: CmsSignature,
  content: SealedContent,
  saidAt: number | undefined,
  context: JudgingContext,
  where: string,
  findings: DocumentFindings,
): JudgedSeal {
  const { signer } = cms;
  const certificates = cms.certificates
    .map((der) => findings.attempt(where, () => readCertificate(der)))
    .filter((certificate) => certificate !== undefined);
  const own = certificates.find(({ issuer, serial }) => issuer.equals(signer.issuer) && serial === signer.serial);
  const claimed = findings.attempt(where, () => signingTimeOf(signer)) ?? saidAt;
  const time = sealingTime(claimed, signer.timestamp, signer.signature, context, where, findings);
  judgeContent(cms, content, where, findings);
  if (!own) findings.add('certificate-missing', where);
  const algorithm = own && judgeOwnSignature(cms, own, content, where, findings);
  return {
    form: cms.form,
    signer: own && judgeSigner(own, certificates, time, context, where, findings),
    seal: undefined,
    algorithm: algorithm?.name ?? '',
    signedAt: time.at,
    timeFrom: time.from,
  };
}

/**
 * The signature is over this content. GB/T 35275 signatures of OFD enclose the digest of what they are set on (GM/T 0099);
 * an enclosed content of any other form is not over the document.
 */
function judgeContent(
  { content: enclosed, signer }: CmsSignature,
  content: SealedContent,
  where: string,
  findings: DocumentFindings,
): void {
  const hash = hashNamed(signer.digest);
  if (!hash) {
    findings.add('algorithm-unsupported', where, `the digest algorithm ${signer.digest} is not supported here`);
    return;
  }
  noteWeakness({ hash }, undefined, findings, where);
  const expected = content.digest(hash);
  const isEnclosed = !enclosed || enclosed.equals(expected) || enclosed.equals(content.bytes());
  // With attributes the digest stands in one of them: of the enclosed digest, or of the content itself.
  const said = signer.attributes && messageDigestOf(signer, where, findings);
  const isSaid =
    !signer.attributes ||
    (said?.equals(expected) ?? false) ||
    (enclosed !== undefined && said?.equals(digest(hash, enclosed)));
  if (!isEnclosed || !isSaid) findings.add('content-mismatch', where);
}

function judgeOwnSignature(
  { content: enclosed, contentType, signer }: CmsSignature,
  certificate: Certificate,
  content: SealedContent,
  where: string,
  findings: DocumentFindings,
): SignatureAlgorithm | undefined {
  const { attributes, algorithm, digest: hash, signature } = signer;
  if (attributes && !namesContentType(attributes.values.get(ATTRIBUTE.contentType), contentType))
    findings.add('content-mismatch', where, 'the signature is for another type of content');
  if (attributes && !namesCertificate(attributes.values, certificate)) findings.add('certificate-mismatch', where);
  const signed = attributes?.signed ?? enclosed ?? content.bytes();
  return judgeSignature(
    { certificate, algorithm, hash, signed, signature, broken: 'signature-invalid' },
    where,
    findings,
  );
}

function messageDigestOf({ attributes }: CmsSigner, where: string, findings: DocumentFindings): Buffer | undefined {
  const value = attributes?.values.get(ATTRIBUTE.messageDigest);
  return value && findings.attempt(where, () => singleElement(value, 'message digest', TAG.octets).content);
}

/** RFC 5652, 11.1: it stands among signed attributes and is that of the content. Some makers mix the two names of data. */
function namesContentType(value: Buffer | undefined, contentType: string): boolean {
  const said = value && oidOf(singleElement(value, 'content type', TAG.oid));
  return said === contentType || (said !== undefined && DATA.has(said) && DATA.has(contentType));
}

/** ESSCertIDv2 (RFC 5035) or ESSCertID (RFC 2634) of the first certificate, where there is one. */
function namesCertificate(values: ReadonlyMap<string, Buffer>, { raw }: Certificate): boolean {
  const newer = values.get(ATTRIBUTE.signingCertificateV2);
  const older = values.get(ATTRIBUTE.signingCertificate);
  const attribute = newer ?? older;
  if (!attribute) return true;
  const first = new Members(singleElement(attribute, 'certificate id', TAG.sequence).content, 'certificate id')
    .inner('certificate id')
    .inner('certificate id');
  const algorithm = first.maybe(TAG.sequence);
  const named = first.take(TAG.octets).content;
  const hash = algorithm
    ? hashNamed(oidOf(new Members(algorithm.content, 'hash').take(TAG.oid)))
    : newer
      ? 'sha256'
      : 'sha1';
  return hash !== undefined && digest(hash, raw).equals(named);
}
