import { inflateSync } from 'node:zlib';
import { PDFArray, PDFDict, PDFDocument, PDFHexString, PDFName, PDFRawStream, PDFString } from 'pdf-lib';
import { LIMITS } from '#proto';
import { keyValidAt, type RegionStatement, type SealReport, signerOfPdf, VerificationError } from '#trust';
import { ATTACHMENT } from './attachment.ts';

/** The certificate in a PDF that a region signed. */
export interface OpenedPdf {
  readonly text: string;
  /** Region whose seal key signed the PDF. */
  readonly region: string;
  readonly kid: string;
  /** Milliseconds; the signer's own word. */
  readonly signedAt: number;
  /** Seals and signatures of others under that of the region, which examined them before: intact, compared with no trust list. */
  readonly seals: readonly SealReport[];
}

/**
 * Opens a PDF of a certificate: it is as a trusted region signed it, and holds a certificate, which is still to be
 * verified and must be that region's. Nothing in it is read before its signature is known to be good.
 *
 * @param statements verified statements of the regions that are trusted
 * @param now milliseconds
 * @param signer what `signerOfPdf` said of these very bytes, where it was asked before
 * @throws VerificationError RENDITION_ALTERED, KEY_UNKNOWN when no statement has the key that signed it, KEY_REVOKED,
 *   KEY_NOT_VALID, CERTIFICATE_MALFORMED when no certificate is attached
 */
export async function openPdf(
  bytes: Buffer,
  statements: readonly RegionStatement[],
  now: number,
  signer?: Awaited<ReturnType<typeof signerOfPdf>>,
): Promise<OpenedPdf> {
  const { kid, signedAt, seals } = signer ?? (await signerOfPdf(bytes, now));
  const statement = statements.find(({ keys }) => keys.some((key) => key.kid === kid));
  if (!statement) throw new VerificationError('KEY_UNKNOWN', 'no trusted region signed the PDF');
  // Before there were seal keys, certificate keys signed PDFs.
  const isOld = statement.keys.some((key) => key.kid === kid && key.purpose === 'certificate');
  keyValidAt(statement, kid, isOld ? 'certificate' : 'seal', signedAt);
  return { text: await attachedIn(bytes), region: statement.region, kid, signedAt, seals };
}

async function attachedIn(bytes: Buffer): Promise<string> {
  try {
    const { catalog } = await PDFDocument.load(bytes, { updateMetadata: false });
    const names = catalog
      .lookup(PDFName.of('Names'), PDFDict)
      .lookup(PDFName.of('EmbeddedFiles'), PDFDict)
      .lookup(PDFName.of('Names'), PDFArray);
    for (let index = 0; index + 1 < names.size(); index += 2) {
      if (names.lookup(index, PDFString, PDFHexString).decodeText() !== ATTACHMENT.name) continue;
      const stream = names
        .lookup(index + 1, PDFDict)
        .lookup(PDFName.of('EF'), PDFDict)
        .lookup(PDFName.of('F'));
      if (stream instanceof PDFRawStream)
        return inflateSync(stream.contents, { maxOutputLength: LIMITS.frameBytes }).toString('utf8');
    }
  } catch (cause) {
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the PDF holds no certificate that can be read', [], {
      cause,
    });
  }
  throw new VerificationError('CERTIFICATE_MALFORMED', 'no certificate is attached to the PDF');
}
