import { type VerifiedCertificate, verifyCertificate } from '#trust';
import type { Answer } from './command.ts';
import { chinaTime, pairs } from './format.ts';
import { readStatements } from './statements.ts';

/**
 * Verifies a certificate with nothing but statements. Whether it was revoked only its issuer knows.
 *
 * @param now milliseconds
 * @throws VerificationError the codes of `verifyCertificate` and of the statements
 */
export async function verifyCertificateFile(
  certificate: string,
  statementFiles: readonly string[],
  now: number,
): Promise<Answer> {
  const statements = await readStatements(statementFiles);
  const statementOf = (region: string) =>
    statements.filter((statement) => statement.region === region).sort((a, b) => b.serial - a.serial)[0];
  const verified = verifyCertificate(certificate, { statementOf, now });
  const { digest, ...rest } = verified;
  return {
    json: { verified: verified.status === 'valid', ...rest, digest: digest.toString('hex') },
    text: certificateText(verified),
    notes: ['是否已注销或暂停须向签发地区核查 / whether it was revoked, only the issuing region can tell'],
    exit: verified.status === 'valid' ? 0 : 1,
  };
}

const STATUS = { valid: '有效 valid', expired: '已过期 expired', 'not-yet-valid': '尚未生效 not yet valid' } as const;

function certificateText({ certificate, issuer, identifier, status, digest }: VerifiedCertificate): string {
  const { typeName, number, authority, validFrom, validUntil, holder, fields } = certificate;
  return pairs([
    ['核验 Verified', `签名与披露项无误 genuine; ${STATUS[status]}`],
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
