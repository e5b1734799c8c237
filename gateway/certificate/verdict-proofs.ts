import type { CertificateVerdict } from './certificate-verdict.ts';
import { type Proof, proofsOf, type StatusFinding } from './proofs.ts';

/**
 * What a verdict of this gateway proves, and what not.
 *
 * @param now milliseconds
 * @param file of the PDF that held the certificate
 */
export function verdictProofs(verdict: CertificateVerdict, now: number, file?: Proof): Proof[] {
  const { validity, binding, definition } = verdict;
  return proofsOf({ status: validity, binding, definition }, findingOf(verdict, now), file);
}

function findingOf({ word, ...verdict }: CertificateVerdict, now: number): StatusFinding {
  const asOf = 'asOf' in verdict ? verdict.asOf : now;
  if (verdict.source === 'dates') return unknown('only the region that issued it knows how it stands; ask it');
  if (word === undefined) return unknown('it is not in our library');
  // That a suspension ended some day does not say how it stands now.
  if (verdict.source === 'notice' && word === 'valid')
    return { ...unknown('its issuer told us that it was restored, and may have decided since; ask it'), asOf };
  return { word, asOf };
}

function unknown(message: string): StatusFinding {
  return { code: 'STATUS_UNKNOWN', message };
}
