import { type RegionStatement, VerificationError } from '#trust';
import { type Demands, type Examination, examineCertificate, refused } from '../certificate/examine.ts';
import { failed, type Proof, proofsWithout, proved } from '../certificate/proofs.ts';
import { isAhead, type OpenedPdf, openPdf } from './read-pdf.ts';

/** What an examination of a PDF found. */
export interface PdfExamination extends Examination {
  /** Who signed the PDF and when, and the seals of others under that; absent when nobody who is trusted did. */
  readonly pdf?: Pick<OpenedPdf, 'kid' | 'signedAt' | 'seals'>;
}

/**
 * Examines a PDF and the certificate in it: the file must be as the region signed it that issued the certificate.
 * Signed ahead of the moment of verification (核验时刻), it is not proved to be unaltered, and what is in it is judged as ever.
 *
 * @param statements verified statements of the regions that are trusted
 */
export async function examinePdf(
  bytes: Buffer,
  statements: readonly RegionStatement[],
  demands: Demands,
): Promise<PdfExamination> {
  const opened = await openPdf(bytes, statements, demands.now).catch(asFault);
  if (opened instanceof VerificationError)
    return refused(opened.code === 'CERTIFICATE_MALFORMED' ? 'content' : 'file', opened);
  const { text, region, kid, signedAt, seals } = opened;
  const found = await examineCertificate(text, demands, fileProof(opened, demands.now));
  const pdf = { kid, signedAt, seals };
  if (!found.verified || found.verified.issuer === region) return { ...found, pdf };
  const fault = new VerificationError(
    'RENDITION_ALTERED',
    'another region than the issuer of the certificate signed the PDF',
  );
  return { fault, proofs: proofsWithout(failed('file', fault), found.proofs), pdf };
}

/** Whether a PDF that was opened is as it was signed, as far as that can be said now. */
export function fileProof(opened: Pick<OpenedPdf, 'signedAt'>, now: number): Proof {
  if (!isAhead(opened, now)) return proved('file');
  const message = 'the signature is from the future by the clock here, or by --at: check the clock';
  return { name: 'file', outcome: 'open', message };
}

function asFault(error: unknown): VerificationError {
  if (error instanceof VerificationError) return error;
  throw error;
}
