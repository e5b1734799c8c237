// Original file: tongban/v1/certificate.proto


export interface CertificateQuestion {
  /**
   * Certificate identifier as printed on it; empty when it is asked about by its reference.
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
  /**
   * Reference of a QR code: 26 characters of base32; empty when the identifier is given.
   */
  'reference'?: (string);
}

export interface CertificateQuestion__Output {
  /**
   * Certificate identifier as printed on it; empty when it is asked about by its reference.
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
  /**
   * Reference of a QR code: 26 characters of base32; empty when the identifier is given.
   */
  'reference': (string);
}
