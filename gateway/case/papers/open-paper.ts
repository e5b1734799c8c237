import { type RegionStatement, type signerOfPdf, VerificationError } from '#trust';
import { attachedIn, demandSigned, type SignedPdf } from '../../rendition/read-pdf.ts';
import { type PaperFacts, readFacts } from './paper-facts.ts';

/** What a notice says, inside its PDF (associated file, ISO 32000-2, 14.13). */
export const PAPER_FILE = { name: 'paper.json', mediaType: 'application/json' } as const;

/** A notice of a case that a region signed. */
export interface OpenedPaper extends SignedPdf {
  readonly facts: PaperFacts;
}

/**
 * Opens the PDF of a notice: a trusted region signed it, and it says that this region issued it. Nothing in it is read
 * before its signature is known to be good.
 *
 * @param statements verified statements of the regions that are trusted
 * @param now milliseconds
 * @param signer what `signerOfPdf` said of these very bytes, where it was asked before
 * @returns undefined for a signed PDF that is no notice
 * @throws VerificationError as `demandSigned`; RENDITION_ALTERED when another region than the issuer signed it
 */
export async function openPaper(
  bytes: Buffer,
  statements: readonly RegionStatement[],
  now: number,
  signer?: Awaited<ReturnType<typeof signerOfPdf>>,
): Promise<OpenedPaper | undefined> {
  const signed = await demandSigned(bytes, statements, now, signer);
  const attached = await attachedIn(bytes, PAPER_FILE.name);
  if (attached === undefined) return undefined;
  const facts = readFacts(attached);
  if (facts.issuer !== signed.region)
    throw new VerificationError('RENDITION_ALTERED', 'another region signed the notice than the one that issued it');
  return { ...signed, facts };
}
