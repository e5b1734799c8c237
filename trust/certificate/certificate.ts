import { hash } from 'node:crypto';
import { CodedError, isRegionCode, LIMITS, regionUrn, TYP } from '#proto';
import { VerificationError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import { keyValidAt } from '../region/directory.ts';
import type { RegionStatement } from '../region/statement.ts';
import { nameAt, pointerOf } from './claim-names.ts';
import { type CertificateContent, checkContent } from './content.ts';
import { readClaims } from './read-claims.ts';
import { issueSdJwt } from './sd-jwt/issue.ts';
import { type BindingDemand, demandBinding, readBinding } from './sd-jwt/key-binding.ts';
import { disclosedIn, presentSdJwt } from './sd-jwt/present.ts';
import { type Claims, readSdJwt } from './sd-jwt/text.ts';
import { type VerifiedSdJwt, verifySdJwt } from './sd-jwt/verify.ts';
import { builtInCertificateTypes, type CertificateTypes } from './types/types.ts';
import type { CertificateView } from './view.ts';
import { writeClaims } from './write-claims.ts';

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
  /**
   * What was disclosed: `certificate_holder_name`, `certificate_holder_code`, `certificate_other_holders/0`,
   * `related_case_number`, names of fields, and `records/0/employer` within one.
   */
  readonly disclosed: readonly string[];
  /** `known`: the content was held against the definition of its type that the issuer used. */
  readonly definition: 'known' | 'unknown';
  /** Whether who presented it proved to be the holder: `unchecked` when he offered a proof that nobody asked for. */
  readonly binding: 'proven' | 'unchecked' | 'none';
}

export interface CertificateVerification {
  /** The verified statement of a region that is trusted; undefined for any other. */
  readonly statementOf: (region: string) => RegionStatement | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** Those that come with the program unless told. */
  readonly types?: CertificateTypes;
  /** The type that it must be of; any when absent. */
  readonly typeCode?: string;
  /** The proof that the holder must give; none when absent. */
  readonly binding?: BindingDemand;
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
  const { claims, ...concealment } = writeClaims(content, type, nowMs);
  return await issueSdJwt(signer, TYP.certificate, claims, concealment);
}

/**
 * Makes a presentation of a certificate that shows only some fields. The issuer is not asked and the signature stays
 * good; a key binding that was there is left out.
 *
 * @param fields names as in `VerifiedCertificate.disclosed`; each stays with all that is disclosed within it
 * @throws CodedError VALIDATION_FAILED for a field that this text does not disclose,
 *   VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_DISCLOSURE
 */
export function presentCertificate(text: string, fields: readonly string[]): string {
  const shown = disclosedIn(text);
  const pointers = fields.map(pointerOf);
  const problems = pointers.flatMap((pointer, index) =>
    shown.includes(pointer)
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
  return presentSdJwt(text, pointers);
}

/**
 * Verifies a certificate and says by its dates whether it is in force. A certificate that is out of date is still
 * proven to be genuine; who needs it in force calls {@link demandInForce}.
 *
 * @throws VerificationError CERTIFICATE_MALFORMED, CERTIFICATE_ISSUER, TYP_MISMATCH, KEY_UNKNOWN, KEY_NOT_VALID,
 *   KEY_REVOKED, ALGORITHM_NOT_ALLOWED, SIGNATURE_INVALID, CERTIFICATE_DISCLOSURE, CERTIFICATE_TYPE,
 *   CERTIFICATE_IDENTIFIER, CERTIFICATE_BINDING_MISSING, CERTIFICATE_BINDING, CERTIFICATE_BINDING_STALE
 */
export function verifyCertificate(text: string, verification: CertificateVerification): VerifiedCertificate {
  return verifyWhole(text, verification).verified;
}

/** {@link verifyCertificate}, with the claims for who signs them anew. */
export function verifyWhole(
  text: string,
  { statementOf, now, types = builtInCertificateTypes, typeCode, binding }: CertificateVerification,
): { readonly verified: VerifiedCertificate; readonly sdJwt: VerifiedSdJwt } {
  const open = readSdJwt(text);
  const statement = issuerOf(open.issued.payload, statementOf);
  const signedAt = signingTimeOf(open.issued.payload);
  const sdJwt = verifySdJwt(open, TYP.certificate, (kid) => keyValidAt(statement, kid, 'certificate', signedAt));
  const { certificate, definition } = readClaims(sdJwt.claims, sdJwt.disclosed, statement.region, types);
  if (typeCode !== undefined && certificate.typeCode !== typeCode)
    throw new VerificationError('CERTIFICATE_TYPE', 'the certificate is of another type than was demanded');
  if (binding) demandBinding(open, binding, now);
  else readBinding(open);
  return {
    sdJwt,
    verified: {
      certificate,
      issuer: statement.region,
      kid: sdJwt.kid,
      // By way of a text: Node's one-shot hash makes one much sooner than a buffer.
      digest: Buffer.from(hash('sha256', open.jwt, 'base64url'), 'base64url'),
      identifier: certificate.identifier,
      status: validityOf(certificate, now),
      disclosed: sdJwt.disclosed.map(nameAt),
      definition,
      binding: binding ? 'proven' : open.binding === undefined ? 'none' : 'unchecked',
    },
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
function validityOf(
  { validFrom, validUntil = Number.POSITIVE_INFINITY, signedAt, stamp }: CertificateView,
  now: number,
): CertificateValidity {
  if (Math.max(validFrom, signedAt) > now + LIMITS.sealSkewMs) return 'not-yet-valid';
  return now >= Math.min(validUntil, stamp?.expiresAt ?? validUntil) ? 'expired' : 'valid';
}
