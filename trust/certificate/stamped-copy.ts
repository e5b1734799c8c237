import { CodedError, fields, instant, type Problem, TYP, text } from '#proto';
import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { type CertificateVerification, demandInForce, verifyWhole } from './certificate.ts';
import { chinaTime } from './china-time.ts';
import { issueSdJwt } from './sd-jwt/issue.ts';

/** What is stamped on a copy (加注). */
export interface Stamp {
  /** 加注件生成机构: who made the copy. */
  readonly creator: string;
  /** 加注事由: what it may be used for. */
  readonly cause: string;
  /** Milliseconds; the copy counts no more from here on. */
  readonly expiresAt: number;
}

const STAMP = fields({ creator: text(100), cause: text(500), expiresAt: instant });

/**
 * Issues a stamped copy (加注件) of a certificate: the same certificate, that says on itself for what and until when the
 * copy may be used. What the text keeps back stays out of the copy; what it discloses can be kept back further.
 *
 * @param signer the certificate key of the region that issued the certificate
 * @param certificate the certificate, or a presentation of it
 * @param verification `now` becomes `iat` and the creation time of the copy
 * @throws CodedError VALIDATION_FAILED with every wrong field of the stamp; VerificationError the codes of
 *   `verifyCertificate` and `demandInForce`, CERTIFICATE_ISSUER when another region issued it, CERTIFICATE_MALFORMED when it is a copy itself
 */
export async function issueStampedCopy(
  signer: Signer,
  certificate: string,
  stamp: Stamp,
  verification: CertificateVerification,
): Promise<string> {
  const { now, statementOf } = verification;
  demandStamp(stamp, now);
  const { verified, sdJwt } = verifyWhole(certificate, verification);
  demandInForce(verified);
  if (verified.certificate.stamp)
    throw new VerificationError('CERTIFICATE_MALFORMED', 'a stamped copy is made of a certificate, not of a copy');
  if (!statementOf(verified.issuer)?.keys.some(({ kid }) => kid === signer.kid))
    throw new VerificationError('CERTIFICATE_ISSUER', 'only the region that issued a certificate makes copies of it');
  const iat = Math.floor(now / 1000);
  const { _sd, _sd_alg, ...claims } = sdJwt.claims;
  const stamped = {
    ...claims,
    iat,
    certificate_copy_of: verified.digest.toString('base64url'),
    certificate_copy_creation_time: chinaTime(iat * 1000),
    certificate_copy_creator: stamp.creator,
    certificate_copy_cause: stamp.cause,
    certificate_copy_expiring_time: chinaTime(stamp.expiresAt),
  };
  return issueSdJwt(signer, TYP.certificate, stamped, { disclosable: sdJwt.places });
}

function demandStamp(stamp: Stamp, now: number): void {
  const problems: Problem[] = [];
  STAMP(stamp, '', problems);
  if (problems.length === 0 && stamp.expiresAt <= now)
    problems.push({ pointer: '/expiresAt', code: 'RANGE', message: 'must be in the future' });
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}
