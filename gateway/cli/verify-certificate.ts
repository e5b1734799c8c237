import { type VerifiedCertificate, verifyCertificate } from '#trust';
import { type CertificateStatus, statusAt } from '../certificate/standing.ts';
import { type CachedStatus, cachedStatus, type StatusProof } from './cached-status.ts';
import type { Answer } from './command.ts';
import { chinaTime, pairs } from './format.ts';
import { readStatements } from './statements.ts';

/**
 * Verifies a certificate with nothing but statements and, where they are given, status lists that were fetched before.
 * Without them only its issuer knows whether it was revoked; with them it is not verified unless they say that it stands.
 *
 * @param now milliseconds
 * @throws VerificationError the codes of `verifyCertificate` and of the statements
 */
export async function verifyCertificateFile(
  certificate: string,
  statementFiles: readonly string[],
  now: number,
  cached?: CachedStatus,
): Promise<Answer> {
  const statements = await readStatements(statementFiles);
  const statementOf = (region: string) =>
    statements.filter((statement) => statement.region === region).sort((a, b) => b.serial - a.serial)[0];
  const verified = verifyCertificate(certificate, { statementOf, now });
  const { digest, ...rest } = verified;
  const proof = cached && (await cachedStatus(verified, cached, { statementOf, now }));
  const status = proof && 'word' in proof ? statusAt(proof.word, verified.certificate, now) : verified.status;
  const isGood = status === 'valid' && !(proof && 'code' in proof);
  return {
    json: { verified: isGood, ...rest, status, ...(proof && { statusProof: proof }), digest: digest.toString('hex') },
    text: certificateText({ ...verified, status }, proof, now),
    notes: proof ? [] : ['是否已注销或暂停须向签发地区核查 / whether it was revoked, only the issuing region can tell'],
    exit: isGood ? 0 : 1,
  };
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
  }: Omit<VerifiedCertificate, 'status'> & { status: CertificateStatus },
  proof: StatusProof | undefined,
  now: number,
): string {
  const { typeName, number, authority, validFrom, validUntil, holder, fields } = certificate;
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
    ...Object.entries(fields),
    ['摘要 Digest', digest.toString('hex')],
  ]);
}

function proofText(proof: StatusProof, now: number): string {
  const { asOf } = proof;
  const age = asOf === undefined ? '' : `${chinaTime(asOf)} (${Math.max(0, Math.round((now - asOf) / 60_000))} min)`;
  return 'word' in proof ? `状态列表 list of ${age}` : `不明 not known: ${proof.code} ${proof.message} ${age}`.trim();
}
