import { VerificationError } from '../errors.ts';
import type { TrustList } from './document.ts';
import { DocumentFault, DocumentFindings, type Finding } from './findings.ts';
import { addedSignature } from './pdf/added-signature.ts';
import { examinePdf } from './pdf/pdf.ts';
import type { SealReport } from './report.ts';
import { fingerprintOf } from './seal/signer.ts';

/** Weights of findings with which a seal is of no use. Who signed is asked apart. */
const FAULTS: readonly Finding['weight'][] = ['refused', 'altered', 'unproven', 'partial'];

/**
 * Demands that a PDF is another one with one more seal or signature on it and nothing else: it begins with the bytes that
 * were to be sealed, what was appended changes nothing that they show, and the signature is good, over the whole file, by
 * one of the certificates that are pinned. To lead to one of them is not enough: an authority has many seals.
 *
 * @param before as our own programs write it
 * @param pinned certificates of signers; for electronic seals (GB/T 38540) of their makers too
 * @param now milliseconds
 * @returns what is known of the seal
 * @throws VerificationError SEAL_WRONG
 */
export function demandAddedSeal(before: Buffer, after: Buffer, pinned: TrustList, now: number): SealReport {
  const place = placeOfAdded(before, after);
  const findings = new DocumentFindings();
  const reports = findings.attempt('', () => examinePdf(after, { ...pinned, now }, findings)) ?? [];
  const fault = findings.list.find(({ weight }) => FAULTS.includes(weight));
  if (fault || findings.has(...FAULTS)) wrong(`${fault?.code} ${fault?.en}`);
  const report = reports.at(-1);
  if (report?.place !== place || report.covers !== 'whole') wrong('its signature is not over the whole file');
  const isPinned = pinned.anchors.some((certificate) => fingerprintOf(certificate) === report.signer?.fingerprint);
  if (!report.trusted || !isPinned)
    wrong(`it is signed by another certificate, of the SHA-256 ${report.signer?.fingerprint ?? '?'}`);
  return report;
}

function placeOfAdded(before: Buffer, after: Buffer): string {
  try {
    return addedSignature(before, after);
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof DocumentFault) return wrong(cause.message, cause);
    throw cause;
  }
}

function wrong(why: string, cause?: unknown): never {
  throw new VerificationError('SEAL_WRONG', `the sealed file cannot be used: ${why}`, [], { cause });
}
