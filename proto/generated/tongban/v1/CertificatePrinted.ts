// Original file: tongban/v1/case.proto


/**
 * P9 异地打证: the certificate was printed at the receiving region.
 */
export interface CertificatePrinted {
  /**
   * Number of the blank form.
   */
  'blankNumber'?: (string);
  /**
   * Number of the blank that was spoiled, when it is printed again.
   */
  'spoiledNumber'?: (string);
  'reason'?: (string);
}

/**
 * P9 异地打证: the certificate was printed at the receiving region.
 */
export interface CertificatePrinted__Output {
  /**
   * Number of the blank form.
   */
  'blankNumber': (string);
  /**
   * Number of the blank that was spoiled, when it is printed again.
   */
  'spoiledNumber': (string);
  'reason': (string);
}
