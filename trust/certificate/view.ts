import type { JWK } from 'jose';
import type { IdentityDocumentType } from '#proto';
import type { StatusReference } from './status/status-reference.ts';
import type { FieldValues } from './types/values.ts';

/** A holder (持证主体) as far as it is shown. */
export interface ShownHolder {
  readonly documentType: IdentityDocumentType;
  readonly name?: string;
  readonly number?: string;
}

/** What makes a certificate a stamped copy (加注件). */
export interface ShownStamp {
  /** Digest of the certificate that it is a copy of, as `VerifiedCertificate.digest`, base64url. */
  readonly of: string;
  readonly createdAt: number;
  /** 加注件生成机构 */
  readonly creator: string;
  /** 加注事由: what the copy may be used for. */
  readonly cause: string;
  /** The copy counts no more from here on. */
  readonly expiresAt: number;
}

/** What a certificate shows, after verification. Times in milliseconds; what the holder kept back is absent. */
export interface CertificateView {
  readonly identifier: string;
  readonly typeCode: string;
  readonly typeName: string;
  /** 证照版本, three digits. */
  readonly version: string;
  /** 证照定义机构; certificates of before it was written down tell only its code. */
  readonly definedBy: { readonly code: string; readonly name?: string };
  readonly number: string;
  readonly name: string;
  readonly region: string;
  readonly authority: { readonly name: string; readonly code: string };
  readonly holder: ShownHolder;
  /** Those of the other holders that are shown. */
  readonly otherHolders?: readonly ShownHolder[];
  /** Public key whose holder can prove that the certificate is his. */
  readonly holderKey?: JWK;
  readonly validFrom: number;
  readonly validUntil?: number;
  /** 颁发日期, `YYYY-MM-DD` in China. */
  readonly issuedOn: string;
  /** When it was signed. */
  readonly signedAt: number;
  readonly item: string;
  readonly caseNumber?: string;
  readonly fields: FieldValues;
  /** Where the issuer publishes its status; absent when it publishes none. */
  readonly statusList?: StatusReference;
  /** Present in a stamped copy. */
  readonly stamp?: ShownStamp;
}
