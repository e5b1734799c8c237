// Original file: tongban/v1/entrustment.proto


/**
 * A link was revoked; with it everything that was passed on from it.
 */
export interface EntrustmentRevoked {
  /**
   * Compact JWS.
   */
  'revocation'?: (string);
}

/**
 * A link was revoked; with it everything that was passed on from it.
 */
export interface EntrustmentRevoked__Output {
  /**
   * Compact JWS.
   */
  'revocation': (string);
}
