import { CodedError, isRegionCode, LIMITS, regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';
import {
  type CertificateView,
  claimNameOf,
  disclosableFields,
  fieldNameOf,
  readClaims,
  writeClaims,
} from './claims.ts';
import { type CertificateContent, checkContent } from './content.ts';
import { type Claims, issueSdJwt, presentSdJwt, readSdJwt, verifySdJwt } from './sd-jwt.ts';
import { builtInCertificateTypes, type CertificateTypes } from './types.ts';

/** What the dates of a certificate say; whether it was suspended or revoked only its issuer can tell. */
export type CertificateValidity = 'valid' | 'expired' | 'not-yet-valid';

/** An electronic certificate (电子证照) whose signature, issuer, disclosures and content were verified. */
export interface VerifiedCertificate {
  readonly certificate: CertificateView;
  /** Region whose key signed. */
  readonly issuer: string;
  readonly kid: string;
  /** SHA-256 of the issuer-signed JWT: the same for every presentation of one certificate. */
  readonly digest: Buffer;
  readonly identifier: string;
  /** At the moment of verification. */
  readonly status: CertificateValidity;
  /** What was disclosed: `certificate_holder_name`, `certificate_holder_code`, `related_case_number`, keys of fields. */
  readonly disclosed: readonly string[];
}

export interface CertificateVerification {
  /** The verified statement of a region that is trusted; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
}

/**
 * Issues an electronic certificate as an SD-JWT VC (RFC 9901; typ `dc+sd-jwt`). Holder, case number and the
 * type-specific fields can be kept back by the holder; identifier, type, authority and validity are always visible.
 *
 * @param signer the region's certificate key
 * @param nowMs becomes `iat`: the moment at which the key must be valid
 * @throws CodedError VALIDATION_FAILED with every wrong field
 */
export async function issueCertificate(
  signer: Signer,
  content: CertificateContent,
  nowMs: number,
  types: CertificateTypes = builtInCertificateTypes,
): Promise<string> {
  const type = checkContent(content, types);
  const { claims, disclosable } = writeClaims(content, type, nowMs);
  const absent = disclosableFields(type).filter((key) => !Object.hasOwn(content.fields, key));
  // A decoy for each absent field: the number of digests does not tell which fields were filled in.
  return issueSdJwt(signer, TYP.certificate, claims, disclosable, absent.length);
}

/**
 * Makes a copy of a certificate that shows only some fields. The issuer is not asked and the signature stays good.
 *
 * @param fields names as in `VerifiedCertificate.disclosed`
 * @throws CodedError VALIDATION_FAILED for a field that this text does not disclose,
 *   VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function presentCertificate(text: string, fields: readonly string[]): string {
  const shown = readSdJwt(text).disclosed.map(fieldNameOf);
  const problems = fields.flatMap((field, index) =>
    shown.includes(field)
      ? []
      : [
          {
            pointer: `/fields/${index}`,
            code: 'NOT_IN_LIST',
            message: 'is not a field that the certificate discloses',
          },
        ],
  );
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
  return presentSdJwt(text, fields.map(claimNameOf));
}

/**
 * Verifies a certificate and says by its dates whether it is in force. A certificate that is out of date is still
 * proven to be genuine; who needs it in force calls {@link demandInForce}.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_ISSUER, TYP_MISMATCH, KEY_UNKNOWN, KEY_NOT_VALID,
 *   ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID, CERTIFICATE_DISCLOSURE, CERTIFICATE_IDENTIFIER
 */
export function verifyCertificate(text: string, { statementOf, now }: CertificateVerification): VerifiedCertificate {
  const open = readSdJwt(text).claims;
  const statement = issuerOf(open, statementOf);
  const signedAt = signingTimeOf(open);
  const { claims, disclosed, kid, digest } = verifySdJwt(text, TYP.certificate, (candidate) =>
    keyValidAt(statement, candidate, 'certificate', signedAt),
  );
  const certificate = readClaims(claims, disclosed, statement.region);
  return {
    certificate,
    issuer: statement.region,
    kid,
    digest,
    identifier: certificate.identifier,
    status: validityOf(certificate, now),
    disclosed: disclosed.map(fieldNameOf),
  };
}

/**
 * Demands that a verified certificate is in force by its dates.
 *
 * @throws VerificationError CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED
 */
export function demandInForce(verified: VerifiedCertificate): VerifiedCertificate {
  if (verified.status === 'not-yet-valid') throw new VerificationError('CERTIFICATE_NOT_YET_VALID');
  if (verified.status === 'expired') throw new VerificationError('CERTIFICATE_EXPIRED');
  return verified;
}

function issuerOf(claims: Claims, statementOf: CertificateVerification['statementOf']): RegionStatement {
  const { iss } = claims;
  const region = typeof iss === 'string' ? iss.slice(regionUrn('').length) : '';
  if (iss !== regionUrn(region) || !isRegionCode(region))
    throw new VerificationError('CERTIFICATE_ISSUER', 'the certificate names no region as its issuer');
  const statement = statementOf(region);
  if (statement?.region !== region) throw new VerificationError('CERTIFICATE_ISSUER');
  return statement;
}

function signingTimeOf({ iat }: Claims): number {
  if (!Number.isSafeInteger(iat))
    throw new VerificationError('CERTIFICATE_MALFORMED', 'the certificate does not say when it was signed');
  return (iat as number) * 1000;
}

/** Clocks of two regions may differ a little; a certificate signed a moment ago is not of the future. */
function validityOf({ validFrom, validUntil, signedAt }: CertificateView, now: number): CertificateValidity {
  if (Math.max(validFrom, signedAt) > now + LIMITS.sealSkewMs) return 'not-yet-valid';
  return validUntil !== undefined && now >= validUntil ? 'expired' : 'valid';
}
