// Original file: tongban/v1/certificate.proto

import type { CertificateStatus as _tongban_v1_CertificateStatus, CertificateStatus__Output as _tongban_v1_CertificateStatus__Output } from '../../tongban/v1/CertificateStatus.ts';
import type { CertificateGround as _tongban_v1_CertificateGround, CertificateGround__Output as _tongban_v1_CertificateGround__Output } from '../../tongban/v1/CertificateGround.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The region that issued a certificate says that its status has changed (状态变更告知), to every region that received or
 * checked it. Nothing about whom the certificate is of.
 */
export interface CertificateNotice {
  /**
   * Identifier and reference as the recipient came to know them; one of them at least.
   */
  'identifier'?: (string);
  'reference'?: (string);
  /**
   * SHA-256 of the issuer-signed JWT.
   */
  'digest'?: (Buffer | Uint8Array | string);
  /**
   * VALID (恢复), SUSPENDED, CANCELLED, REVOKED or WITHDRAWN.
   */
  'status'?: (_tongban_v1_CertificateStatus);
  'ground'?: (_tongban_v1_CertificateGround);
  /**
   * Why, in words.
   */
  'reason'?: (string);
  /**
   * Milliseconds, later for every change of one certificate.
   */
  'decidedAt'?: (number | string | Long);
  /**
   * Name of the authority (颁发机构) by which it was decided; never a person.
   */
  'authority'?: (string);
}

/**
 * The region that issued a certificate says that its status has changed (状态变更告知), to every region that received or
 * checked it. Nothing about whom the certificate is of.
 */
export interface CertificateNotice__Output {
  /**
   * Identifier and reference as the recipient came to know them; one of them at least.
   */
  'identifier': (string);
  'reference': (string);
  /**
   * SHA-256 of the issuer-signed JWT.
   */
  'digest': (Buffer);
  /**
   * VALID (恢复), SUSPENDED, CANCELLED, REVOKED or WITHDRAWN.
   */
  'status': (_tongban_v1_CertificateStatus__Output);
  'ground': (_tongban_v1_CertificateGround__Output);
  /**
   * Why, in words.
   */
  'reason': (string);
  /**
   * Milliseconds, later for every change of one certificate.
   */
  'decidedAt': (number);
  /**
   * Name of the authority (颁发机构) by which it was decided; never a person.
   */
  'authority': (string);
}
