// Original file: tongban/v1/certificate.proto

/**
 * Why a status changed. More words may follow: a reader takes one that it does not know for OTHER.
 */
export const CertificateGround = {
  CERTIFICATE_GROUND_UNSPECIFIED: 'CERTIFICATE_GROUND_UNSPECIFIED',
  /**
   * 其他
   */
  CERTIFICATE_GROUND_OTHER: 'CERTIFICATE_GROUND_OTHER',
  /**
   * 虚假材料; only of a revocation.
   */
  CERTIFICATE_GROUND_FALSE_MATERIALS: 'CERTIFICATE_GROUND_FALSE_MATERIALS',
  /**
   * 错发
   */
  CERTIFICATE_GROUND_ISSUED_IN_ERROR: 'CERTIFICATE_GROUND_ISSUED_IN_ERROR',
  /**
   * 持证人申请
   */
  CERTIFICATE_GROUND_HOLDER_REQUEST: 'CERTIFICATE_GROUND_HOLDER_REQUEST',
  /**
   * 行政处罚
   */
  CERTIFICATE_GROUND_PENALTY: 'CERTIFICATE_GROUND_PENALTY',
  /**
   * 失效
   */
  CERTIFICATE_GROUND_LAPSE: 'CERTIFICATE_GROUND_LAPSE',
  /**
   * 换证: another version took its place.
   */
  CERTIFICATE_GROUND_REPLACED: 'CERTIFICATE_GROUND_REPLACED',
} as const;

/**
 * Why a status changed. More words may follow: a reader takes one that it does not know for OTHER.
 */
export type CertificateGround =
  | 'CERTIFICATE_GROUND_UNSPECIFIED'
  | 0
  /**
   * 其他
   */
  | 'CERTIFICATE_GROUND_OTHER'
  | 1
  /**
   * 虚假材料; only of a revocation.
   */
  | 'CERTIFICATE_GROUND_FALSE_MATERIALS'
  | 2
  /**
   * 错发
   */
  | 'CERTIFICATE_GROUND_ISSUED_IN_ERROR'
  | 3
  /**
   * 持证人申请
   */
  | 'CERTIFICATE_GROUND_HOLDER_REQUEST'
  | 4
  /**
   * 行政处罚
   */
  | 'CERTIFICATE_GROUND_PENALTY'
  | 5
  /**
   * 失效
   */
  | 'CERTIFICATE_GROUND_LAPSE'
  | 6
  /**
   * 换证: another version took its place.
   */
  | 'CERTIFICATE_GROUND_REPLACED'
  | 7

/**
 * Why a status changed. More words may follow: a reader takes one that it does not know for OTHER.
 */
export type CertificateGround__Output = typeof CertificateGround[keyof typeof CertificateGround]
