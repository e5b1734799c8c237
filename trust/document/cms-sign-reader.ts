import { calculateJwkThumbprint } from 'jose';
import { VerificationError } from '../errors.ts';
import { publicJwkOf } from '../suites.ts';
import { readCertificate } from './crypto/x509.ts';
import { DocumentFindings } from './findings.ts';
import { examinePdf } from './pdf/pdf.ts';
import { findSignatures, type PdfSignature } from './pdf/signatures.ts';
import type { SealReport } from './report.ts';
import { readCms } from './seal/cms.ts';

/** Whose key signed a PDF of a region. */
export interface PdfSigner {
  /** RFC 7638 thumbprint of the key: a statement says whose it is. */
  readonly kid: string;
  /** Milliseconds; the signer's own word. */
  readonly signedAt: number;
  /** Seals and signatures of others that were set before it and are under it: intact, and whose they are by their own word. */
  readonly seals: readonly SealReport[];
}

/**
 * Reads by which key a PDF was signed, as regions sign the PDFs of their certificates: last, over the whole file with all
 * that others set on it before, and as it is now. Whose key that is, the caller asks a statement.
 *
 * A time of signing (签名时间) ahead of `now` is no alteration: our clock may be slow, or an earlier moment be asked about.
 * What to make of it is for the caller.
 *
 * @param now milliseconds
 * @throws VerificationError RENDITION_ALTERED for any other file
 */
export async function signerOfPdf(bytes: Buffer, now: number): Promise<PdfSigner> {
  const { findings, reports } = examinedFrom(bytes, now);
  const report = reports.at(-1);
  if (findings.has('refused', 'altered', 'unproven', 'partial')) altered(findings.list[0]?.code);
  if (report?.covers !== 'whole' || report.form !== 'CMS') altered('is not signed as a whole');
  if (report.signedAt === undefined) altered('does not say when it was signed');
  const kid = await keyOf(findSignatures(bytes, findings).find(({ place }) => place === report.place)!);
  return { kid, signedAt: report.signedAt, seals: reports.slice(0, -1) };
}

interface Examined {
  readonly findings: DocumentFindings;
  readonly reports: readonly SealReport[];
}

/** As of now, or as of the last signature where that is later: nothing but its time is let pass, and no seal after it. */
function examinedFrom(bytes: Buffer, now: number): Examined {
  const examined = examinedAt(bytes, now);
  const signedAt = examined.reports.at(-1)?.signedAt;
  return signedAt !== undefined && signedAt > now ? examinedAt(bytes, signedAt) : examined;
}

function examinedAt(bytes: Buffer, now: number): Examined {
  const findings = new DocumentFindings();
  const reports = findings.attempt('', () => examinePdf(bytes, { now, anchors: [], authorities: [] }, findings)) ?? [];
  return { findings, reports };
}

async function keyOf({ contents }: PdfSignature): Promise<string> {
  const { certificates, signer } = readCms(contents.bytes, true);
  const own = certificates
    .map(readCertificate)
    .find(({ issuer, serial }) => issuer.equals(signer.issuer) && serial === signer.serial);
  if (!own?.key) altered('comes without the certificate of its signer');
  return calculateJwkThumbprint(publicJwkOf(own.key.key));
}

function altered(why = ''): never {
  throw new VerificationError('RENDITION_ALTERED', `the PDF is not as a region signs it: ${why}`);
}
