import { digest } from '../crypto/algorithms.ts';
import { DocumentFault, DocumentFindings } from '../findings.ts';
import type { SealReport } from '../report.ts';
import { readCms } from '../seal/cms.ts';
import type { JudgedSeal, JudgingContext, SealedContent } from '../seal/context.ts';
import { looksLikeESeal, readESealSignature } from '../seal/e-seal.ts';
import { judgeCms } from '../seal/judge-cms.ts';
import { judgeESeal } from '../seal/judge-e-seal.ts';
import { findSignatures, type PdfSignature } from './signatures.ts';

/** Forms in which the signature is not over the bytes themselves, and that rest on SHA-1. */
const OLD_FORMS = new Set(['adbe.pkcs7.sha1', 'adbe.x509.rsa_sha1']);
/** Bytes at the end of a file within which its last line stands (ISO 32000-1, annex H). */
const TAIL_BYTES = 2048;

/**
 * Examines a PDF (ISO 32000) as its maker signed it. What its pages show is not looked at.
 *
 * @throws DocumentFault when it is no acceptable PDF
 */
export function examinePdf(bytes: Buffer, context: JudgingContext, findings: DocumentFindings): SealReport[] {
  const tail = bytes.subarray(-TAIL_BYTES);
  if (!tail.includes('%%EOF') || !tail.includes('startxref'))
    throw new DocumentFault('pdf-malformed', 'the end of the file is missing');
  const found = findSignatures(bytes, findings).sort((a, b) => endOf(a) - endOf(b));
  const signatures = found.filter((signature) => !isTimestamp(signature));
  for (const { place } of found.filter(isTimestamp)) findings.add('pdf-timestamp', place);
  const last = signatures.at(-1);
  // A timestamp authority looks at nothing: what only its timestamp covers was still appended by anybody.
  if (last && endOf(last) < bytes.length) findings.add('pdf-appended', `bytes ${endOf(last)} to ${bytes.length}`);
  return signatures.map((signature) => {
    const part = new DocumentFindings();
    if (signature !== last) part.add('pdf-revision', signature.place);
    const report = judge(signature, bytes, context, part);
    findings.addAll(part);
    return report;
  });
}

function judge(
  signature: PdfSignature,
  bytes: Buffer,
  context: JudgingContext,
  findings: DocumentFindings,
): SealReport {
  const { place } = signature;
  const judged = findings.attempt(place, () => {
    demandRange(signature, bytes.length);
    return judgeContents(signature, bytes, context, findings);
  });
  const end = endOf(signature);
  const isWhole = end === bytes.length;
  return {
    place,
    form: judged?.form ?? 'unknown',
    state: findings.has('refused', 'altered') ? 'altered' : findings.has('unproven') ? 'unproven' : 'intact',
    trusted: judged?.signer?.trusted === true && (judged.seal === undefined || judged.seal.maker?.trusted === true),
    signer: judged?.signer,
    seal: judged?.seal,
    algorithm: judged?.algorithm ?? '',
    signedAt: judged?.signedAt,
    timeFrom: judged?.timeFrom ?? 'signer',
    covers: isWhole ? 'whole' : 'part',
    uncovered: isWhole ? [] : [`bytes ${end} to ${bytes.length}`],
  };
}

/**
 * The range is everything from the first byte to an end, but for the signature itself: a larger hole would be room for
 * anything.
 *
 * @throws DocumentFault pdf-range, pdf-hole
 */
function demandRange({ byteRange, contents }: PdfSignature, size: number): void {
  const [start = Number.NaN, length = Number.NaN, second = Number.NaN, rest = Number.NaN] = byteRange;
  const isRange = start === 0 && length > 0 && second > length && rest > 0 && second + rest <= size;
  if (byteRange.length < 4 || !isRange)
    throw new DocumentFault('pdf-range', `the byte range [${byteRange.join(' ')}] is none of this file`);
  if (byteRange.length > 4 || contents.from !== length || contents.to !== second)
    throw new DocumentFault('pdf-hole', `bytes ${length} to ${second} are not the signature alone`);
}

function judgeContents(
  { byteRange, contents, subFilter, signedAt, place }: PdfSignature,
  bytes: Buffer,
  context: JudgingContext,
  findings: DocumentFindings,
): JudgedSeal {
  if (OLD_FORMS.has(subFilter))
    throw new DocumentFault('seal-unsupported', `signatures of the form ${subFilter} rest on SHA-1`);
  const [, length, second, rest] = byteRange;
  const parts = [bytes.subarray(0, length), bytes.subarray(second, second! + rest!)];
  const content: SealedContent = { digest: (hash) => digest(hash, ...parts), bytes: () => Buffer.concat(parts) };
  return looksLikeESeal(contents.bytes)
    ? judgeESeal(readESealSignature(contents.bytes, true), content, signedAt, context, place, findings)
    : judgeCms(readCms(contents.bytes, true), content, signedAt, context, place, findings);
}

function endOf({ byteRange }: PdfSignature): number {
  const end = (byteRange.at(-2) ?? 0) + (byteRange.at(-1) ?? 0);
  return Number.isFinite(end) ? end : 0;
}

function isTimestamp({ type, subFilter }: PdfSignature): boolean {
  return type === 'DocTimeStamp' || subFilter === 'ETSI.RFC3161';
}
