// Original file: tongban/v1/certificate.proto


export interface CertificateQuestion {
  /**
   * Certificate identifier as printed on it.
   */
  'identifier'?: (string);
  /**
   * SHA-256 of the issuer-signed JWT, when the asker holds the certificate; else empty.
   */
  'digest'?: (Buffer | Uint8Array | string);
  /**
   * Fields that the asker needs; only those that the authorization allows are answered.
   */
  'fields'?: (string)[];
  /**
   * Why it is asked (用途).
   */
  'purpose'?: (string);
}

export interface CertificateQuestion__Output {
  /**
   * Certificate identifier as printed on it.
   */
  'identifier': (string);
  /**
   * SHA-256 of the issuer-signed JWT, when the asker holds the certificate; else empty.
   */
  'digest': (Buffer);
  /**
   * Fields that the asker needs; only those that the authorization allows are answered.
   */
  'fields': (string)[];
  /**
   * Why it is asked (用途).
   */
  'purpose': (string);
}
