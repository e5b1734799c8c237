import { createHash, X509Certificate } from 'node:crypto';
import { CodedError } from '#proto';
import { readRevocationList } from './crypto/revocation-list.ts';
import { readCertificate } from './crypto/x509.ts';
import { DocumentFault, DocumentFindings, VERDICTS } from './findings.ts';
import { DOCUMENT_LIMITS } from './limits.ts';
import { examineOfd } from './ofd/ofd.ts';
import { examinePdf } from './pdf/pdf.ts';
import type { DocumentReport, SealReport } from './report.ts';
import type { JudgingContext } from './seal/context.ts';

/** Whom a verifier trusts to sign documents: certificates of signers, or of the authorities that issued them. */
export type TrustList = Pick<JudgingContext, 'anchors' | 'authorities' | 'revocationLists'>;

/** A trust list that trusts nobody. */
export const NOBODY: TrustList = { anchors: [], authorities: [] };

const ZIP_START = Buffer.from('PK\x03\x04', 'latin1');
const PDF_START = Buffer.from('%PDF-');

/**
 * Reads a trust list from PEM text, SM2 certificates too.
 *
 * @param lists DER of lists of revoked certificates; which of them count, their signatures decide
 * @throws CodedError CONFIG_INVALID
 */
export function readTrustList(pem: string, lists: readonly Buffer[] = []): TrustList {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error('no certificate');
    const authorities = blocks.map((block) => new X509Certificate(block));
    const anchors = authorities.map(({ raw }) => readCertificate(raw));
    return { anchors, authorities, revocationLists: lists.map(readRevocationList) };
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', 'the trust list holds no readable PEM certificate', [], { cause });
  }
}

/**
 * Examines a department's own file (OFD, GB/T 33190, or PDF, ISO 32000) that carries its own seals: whether the container
 * is sound, whether every sealed file is as it was, who sealed it, and whether the trust list has them. Nothing is
 * changed; whatever is wrong is a finding and nothing is thrown for it.
 *
 * @param now milliseconds
 */
export function examineDocument(bytes: Buffer, trust: TrustList, now: number): DocumentReport {
  const findings = new DocumentFindings();
  const format = formatOf(bytes);
  const seals = findings.attempt('', () => examine(format, bytes, { ...trust, now }, findings)) ?? [];
  const container = !findings.has('refused');
  const verdict = findings.verdict(seals.length > 0 ? 'sealed' : 'unsealed');
  return {
    format,
    verdict,
    ...VERDICTS[verdict],
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    container,
    seals: container ? seals : [],
    findings: findings.list,
  };
}

function examine(
  format: DocumentReport['format'],
  bytes: Buffer,
  context: JudgingContext,
  findings: DocumentFindings,
): SealReport[] {
  if (bytes.length > DOCUMENT_LIMITS.fileBytes)
    throw new DocumentFault('too-large', `files of more than ${DOCUMENT_LIMITS.fileBytes} bytes are not examined`);
  if (format === 'ofd') return examineOfd(bytes, context, findings);
  if (format === 'pdf') return examinePdf(bytes, context, findings);
  throw new DocumentFault('not-a-document', 'the file begins neither as a ZIP container nor as a PDF');
}

function formatOf(bytes: Buffer): DocumentReport['format'] {
  if (bytes.subarray(0, ZIP_START.length).equals(ZIP_START)) return 'ofd';
  return bytes.subarray(0, PDF_START.length).equals(PDF_START) ? 'pdf' : 'unknown';
}
