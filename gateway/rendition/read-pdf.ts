import { inflateSync } from 'node:zlib';
import { PDFArray, PDFDict, PDFDocument, PDFHexString, PDFName, PDFRawStream, PDFString } from 'pdf-lib';
import { LIMITS } from '#proto';
import { keyValidAt, type RegionStatement, type SealReport, signerOfPdf, VerificationError } from '#trust';
import { ATTACHMENT } from './attachment.ts';

/** Who signed a PDF that is as a region signed it. */
export interface SignedPdf {
  /** Region whose seal key signed the PDF. */
  readonly region: string;
  readonly kid: string;
  /** Milliseconds; the signer's own word. */
  readonly signedAt: number;
  /** Seals and signatures of others under that of the region, which examined them before: intact, compared with no trust list. */
  readonly seals: readonly SealReport[];
}

/** The certificate in a PDF that a region signed. */
export interface OpenedPdf extends SignedPdf {
  readonly text: string;
}

/**
 * Opens a PDF of a certificate: it is as a trusted region signed it, and holds a certificate, which is still to be
 * verified and must be that region's. Nothing in it is read before its signature is known to be good.
 *
 * @param statements verified statements of the regions that are trusted
 * @param now milliseconds
 * @param signer what `signerOfPdf` said of these very bytes, where it was asked before
 * @throws VerificationError as `demandSigned`, CERTIFICATE_MALFORMED when no certificate is attached
 */
export async function openPdf(
  bytes: Buffer,
  statements: readonly RegionStatement[],
  now: number,
  signer?: Awaited<ReturnType<typeof signerOfPdf>>,
): Promise<OpenedPdf> {
  const signed = await demandSigned(bytes, statements, now, signer);
  const text = await attachedIn(bytes, ATTACHMENT.name);
  if (text === undefined)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'no certificate that can be read is attached to the PDF');
  return { text, ...signed };
}

/**
 * Makes sure that a PDF is as a trusted region signed it. That it may have signed ahead of our time says {@link isAhead}.
 *
 * @param statements verified statements of the regions that are trusted
 * @param now milliseconds
 * @param signer what `signerOfPdf` said of these very bytes, where it was asked before
 * @throws VerificationError RENDITION_ALTERED, KEY_UNKNOWN when no statement has the key that signed it, KEY_REVOKED,
 *   KEY_NOT_VALID
 */
export async function demandSigned(
  bytes: Buffer,
  statements: readonly RegionStatement[],
  now: number,
  signer?: Awaited<ReturnType<typeof signerOfPdf>>,
): Promise<SignedPdf> {
  const { kid, signedAt, seals } = signer ?? (await signerOfPdf(bytes, now));
  const statement = statements.find(({ keys }) => keys.some((key) => key.kid === kid));
  if (!statement) throw new VerificationError('KEY_UNKNOWN', 'no trusted region signed the PDF');
  // Before there were seal keys, certificate keys signed PDFs.
  const isOld = statement.keys.some((key) => key.kid === kid && key.purpose === 'certificate');
  keyValidAt(statement, kid, isOld ? 'certificate' : 'seal', signedAt);
  return { region: statement.region, kid, signedAt, seals };
}

/**
 * Whether a PDF was signed later than it is now, by its own word: the clock here is slow or that of the region fast, or an
 * earlier moment is asked about (签名时间晚于核验时刻). Nothing in it was altered.
 *
 * @param now milliseconds
 */
export function isAhead({ signedAt }: Pick<SignedPdf, 'signedAt'>, now: number): boolean {
  return signedAt > now + LIMITS.sealSkewMs;
}

/** The text that is attached to a PDF under a name; undefined when none is there that can be read. */
export async function attachedIn(bytes: Buffer, name: string): Promise<string | undefined> {
  try {
    const { catalog } = await PDFDocument.load(bytes, { updateMetadata: false });
    const names = catalog
      .lookup(PDFName.of('Names'), PDFDict)
      .lookup(PDFName.of('EmbeddedFiles'), PDFDict)
      .lookup(PDFName.of('Names'), PDFArray);
    for (let index = 0; index + 1 < names.size(); index += 2) {
      if (names.lookup(index, PDFString, PDFHexString).decodeText() !== name) continue;
      const stream = names
        .lookup(index + 1, PDFDict)
        .lookup(PDFName.of('EF'), PDFDict)
        .lookup(PDFName.of('F'));
      if (stream instanceof PDFRawStream)
        return inflateSync(stream.contents, { maxOutputLength: LIMITS.frameBytes }).toString('utf8');
    }
  } catch {
    // Whatever stands there cannot be read.
  }
  return undefined;
}
