import {
  builtInCertificateTypes,
  shownFields,
  VerificationError,
  type VerifiedCertificate,
  verifyCertificate,
} from '#trust';
import { type CertificateStatus, statusAt } from '../certificate/standing.ts';
import type { OpenedPdf, openPdf } from '../rendition/read-pdf.ts';
import { type CachedStatus, cachedStatus, type StatusProof } from './cached-status.ts';
import type { Answer } from './command.ts';
import { chinaTime, pairs } from './format.ts';
import { readStatements } from './statements.ts';

/**
 * Verifies a certificate, or the PDF that holds one, with nothing but statements and, where they are given, status lists that were fetched before.
 * Without them only its issuer knows whether it was revoked; with them it is not verified unless they say that it stands.
 *
 * @param now milliseconds
 * @throws VerificationError the codes of `verifyCertificate`, of `openPdf` and of the statements
 */
export async function verifyCertificateFile(
  certificate: string | Buffer,
  statementFiles: readonly string[],
  now: number,
  cached?: CachedStatus,
): Promise<Answer> {
  const statements = await readStatements(statementFiles);
  const statementOf = (region: string) =>
    statements.filter((statement) => statement.region === region).sort((a, b) => b.serial - a.serial)[0];
  const newest = statements.filter((statement) => statementOf(statement.region) === statement);
  const pdf = typeof certificate === 'string' ? undefined : await openCertificatePdf(certificate, newest, now);
  const verified = verifyCertificate(pdf?.text ?? String(certificate), { statementOf, now });
  if (pdf && pdf.region !== verified.issuer)
    throw new VerificationError(
      'RENDITION_ALTERED',
      'another region than the issuer of the certificate signed the PDF',
    );
  const { digest, ...rest } = verified;
  const proof = cached && (await cachedStatus(verified, cached, { statementOf, now }));
  const status = proof && 'word' in proof ? statusAt(proof.word, verified.certificate, now) : verified.status;
  const isGood = status === 'valid' && !(proof && 'code' in proof);
  return {
    json: {
      verified: isGood,
      ...rest,
      status,
      ...(pdf && { pdf: { kid: pdf.kid, signedAt: pdf.signedAt } }),
      ...(proof && { statusProof: proof }),
      digest: digest.toString('hex'),
    },
    text: (pdf ? pairs([['PDF', pdfText(pdf)]]) : '') + certificateText({ ...verified, status }, proof, now),
    notes: proof ? [] : ['是否已注销或暂停须向签发地区核查 / whether it was revoked, only the issuing region can tell'],
    exit: isGood ? 0 : 1,
  };
}

/** Loads what reads PDFs only for one: it takes a while. */
async function openCertificatePdf(...parameters: Parameters<typeof openPdf>): Promise<OpenedPdf> {
  return (await import('../rendition/read-pdf.ts')).openPdf(...parameters);
}

function pdfText({ region, signedAt }: OpenedPdf): string {
  return `文件自 ${region} 签名后未改动 unchanged since ${region} signed it at ${chinaTime(signedAt)}`;
}

const STATUS: Readonly<Record<CertificateStatus, string>> = {
  valid: '有效 valid',
  suspended: '已暂停 suspended',
  cancelled: '已注销 cancelled',
  revoked: '已撤销 revoked',
  withdrawn: '已吊销 withdrawn by penalty',
  expired: '已过期 expired',
  'not-yet-valid': '尚未生效 not yet valid',
};

function certificateText(
  {
    certificate,
    issuer,
    identifier,
    status,
    digest,
    definition,
  }: Omit<VerifiedCertificate, 'status'> & { status: CertificateStatus },
  proof: StatusProof | undefined,
  now: number,
): string {
  const { typeCode, typeName, number, authority, validFrom, validUntil, holder, stamp, fields } = certificate;
  return pairs([
    ['核验 Verified', `签名与披露项无误 genuine; ${STATUS[status]}`],
    ['状态依据 Status', proof && proofText(proof, now)],
    ['标识 Identifier', identifier],
    ['证照 Certificate', `${typeName} ${number}`],
    ['签发地区 Issuer', issuer],
    ['颁发机构 Authority', authority.name],
    ['持证主体 Holder', holder?.name],
    [
      '有效期 Validity',
      `${chinaTime(validFrom)} — ${validUntil === undefined ? '长期 no end' : chinaTime(validUntil)}`,
    ],
    ['加注件 Stamped copy', stamp && `${stamp.cause}，至 until ${chinaTime(stamp.expiresAt)} (${stamp.creator})`],
    ...shownFields(fields, definition === 'known' ? builtInCertificateTypes.get(typeCode) : undefined).map(
      ({ label: { zh, en }, text }): [string, string] => [zh === en ? zh : `${zh} ${en}`, text],
    ),
    ['摘要 Digest', digest.toString('hex')],
  ]);
}

function proofText(proof: StatusProof, now: number): string {
  const { asOf } = proof;
  const age = asOf === undefined ? '' : `${chinaTime(asOf)} (${Math.max(0, Math.round((now - asOf) / 60_000))} min)`;
  return 'word' in proof ? `状态列表 list of ${age}` : `不明 not known: ${proof.code} ${proof.message} ${age}`.trim();
}
