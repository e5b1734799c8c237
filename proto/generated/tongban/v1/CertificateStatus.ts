// Original file: tongban/v1/certificate.proto

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export const CertificateStatus = {
  CERTIFICATE_STATUS_UNSPECIFIED: 'CERTIFICATE_STATUS_UNSPECIFIED',
  CERTIFICATE_STATUS_VALID: 'CERTIFICATE_STATUS_VALID',
  CERTIFICATE_STATUS_EXPIRED: 'CERTIFICATE_STATUS_EXPIRED',
  CERTIFICATE_STATUS_SUSPENDED: 'CERTIFICATE_STATUS_SUSPENDED',
  /**
   * 撤销
   */
  CERTIFICATE_STATUS_REVOKED: 'CERTIFICATE_STATUS_REVOKED',
  /**
   * Not there, or not to be told: the two look the same.
   */
  CERTIFICATE_STATUS_UNKNOWN: 'CERTIFICATE_STATUS_UNKNOWN',
  /**
   * 注销
   */
  CERTIFICATE_STATUS_CANCELLED: 'CERTIFICATE_STATUS_CANCELLED',
  /**
   * 吊销
   */
  CERTIFICATE_STATUS_WITHDRAWN: 'CERTIFICATE_STATUS_WITHDRAWN',
} as const;

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export type CertificateStatus =
  | 'CERTIFICATE_STATUS_UNSPECIFIED'
  | 0
  | 'CERTIFICATE_STATUS_VALID'
  | 1
  | 'CERTIFICATE_STATUS_EXPIRED'
  | 2
  | 'CERTIFICATE_STATUS_SUSPENDED'
  | 3
  /**
   * 撤销
   */
  | 'CERTIFICATE_STATUS_REVOKED'
  | 4
  /**
   * Not there, or not to be told: the two look the same.
   */
  | 'CERTIFICATE_STATUS_UNKNOWN'
  | 5
  /**
   * 注销
   */
  | 'CERTIFICATE_STATUS_CANCELLED'
  | 6
  /**
   * 吊销
   */
  | 'CERTIFICATE_STATUS_WITHDRAWN'
  | 7

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export type CertificateStatus__Output = typeof CertificateStatus[keyof typeof CertificateStatus]
