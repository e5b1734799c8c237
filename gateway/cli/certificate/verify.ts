import { CodedError } from '#proto';
import type { BindingDemand, RegionStatement, VerificationError, VerifiedCertificate } from '#trust';
import { type Demands, examineCertificate, readQr, refused } from '../../certificate/examine.ts';
import { areProved, type ProofName } from '../../certificate/proofs.ts';
import { statusAt } from '../../certificate/standing.ts';
import { readTypeFolder } from '../../certificate/type-folder.ts';
import type { PdfExamination } from '../../rendition/examine-pdf.ts';
import type { Answer } from '../command.ts';
import { readStatements } from '../statements.ts';
import { newestOf } from '../verify-joint.ts';
import { type CachedStatus, cachedStatus } from './cached-status.ts';
import type { Presented } from './presented.ts';
import { certificateText, proofsText } from './verify-text.ts';

/** Whom to trust and what to demand. */
export interface Judgement {
  /** Files of statements, or folders of them. */
  readonly statements: readonly string[];
  /** Milliseconds: as of when it is judged. */
  readonly now: number;
  /** Status lists that were fetched before. */
  readonly cached?: CachedStatus | undefined;
  /** Folder of the region's own types. */
  readonly types?: string | undefined;
  readonly typeCode?: string | undefined;
  readonly binding?: BindingDemand | undefined;
  /** What must be proved, instead of signature, issuer and validity. Lists and a nonce that are given demand theirs too. */
  readonly demanded?: readonly ProofName[] | undefined;
}

/**
 * Verifies a certificate, the QR code or the PDF that holds one, with nothing but statements and, where they are given,
 * status lists that were fetched before. It is verified when everything that is demanded is proved, and nothing is wrong.
 *
 * @throws CodedError VALIDATION_FAILED for files that cannot be read, CONFIG_INVALID for types; VerificationError
 *   CERTIFICATE_REFERENCE for a QR code that is none of ours, and the codes of the statements
 */
export async function verifyPresented(presented: Presented, judgement: Judgement): Promise<Answer> {
  const { now, cached, binding, typeCode } = judgement;
  const demanded = demandedOf(judgement);
  const types = await readTypeFolder(judgement.types);
  const given = await readStatements(judgement.statements);
  const statementOf = newestOf(given);
  const statements = given.filter((statement) => statementOf(statement.region) === statement);
  const statusOf = cached && ((verified: VerifiedCertificate) => cachedStatus(verified, cached, { statementOf, now }));
  const demands: Demands = { statementOf, now, types, typeCode, binding, statusOf };
  const examined = await examine(presented, statements, demands);
  if ('reference' in examined) return referenceAnswer(examined.reference);
  const { proofs, verified, fault, pdf } = examined;
  const isGood = areProved(proofs, demanded);
  const word = proofs.find(({ name }) => name === 'status')?.word;
  const status = verified && (word && word !== 'valid' ? statusAt(word, verified.certificate, now) : verified.status);
  const shown = status === 'valid' && !word ? 'in-date' : status!;
  return {
    json: {
      verified: isGood,
      demanded,
      proofs,
      ...(verified && { ...verified, status, digest: verified.digest.toString('hex') }),
      ...(pdf && { pdf }),
      ...(fault && { error: { code: fault.code, message: fault.message, problems: fault.problems } }),
    },
    text:
      proofsText(isGood, proofs, demanded, now) + (verified ? `\n${certificateText(verified, shown, types, pdf)}` : ''),
    notes:
      isGood && !word
        ? ['是否已注销、撤销或暂停须向签发地区核查 / whether it was revoked, only the issuing region can tell']
        : [],
    exit: isGood ? 0 : 1,
  };
}

/** What must be proved: what was named, and whatever was given something to prove it with. */
function demandedOf({ demanded = ['signature', 'issuer', 'validity'], cached, binding }: Judgement): ProofName[] {
  const names = new Set(demanded);
  if (cached) names.add('status');
  if (binding) names.add('binding');
  return [...names];
}

async function examine(
  presented: Presented,
  statements: readonly RegionStatement[],
  demands: Demands,
): Promise<PdfExamination | { readonly reference: string }> {
  if (presented.kind === 'certificate') return examineCertificate(presented.text, demands);
  if (presented.kind === 'pdf') {
    // What reads PDFs takes a while to load.
    const { examinePdf } = await import('../../rendition/examine-pdf.ts');
    return examinePdf(presented.bytes, statements, demands);
  }
  try {
    const read = readQr(presented.text);
    return read.kind === 'certificate' ? examineCertificate(read.text, demands) : { reference: read.region };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'CERTIFICATE_MALFORMED') throw error;
    return refused('content', error as VerificationError);
  }
}

/** A reference leads to what its region says; without asking, nothing is proved. */
function referenceAnswer(region: string): Answer {
  return {
    json: { verified: false, reference: { region }, proofs: [] },
    text: `这是查验码,只指向签发地区 ${region} 的记录,离线不能证明任何内容。请联网核查:tongban certificate check --qr … --purpose …
This is a reference to what region ${region} holds and proves nothing offline. Ask it: tongban certificate check --qr … --purpose …
`,
    exit: 1,
  };
}
