// Original file: tongban/v1/authorization.proto


/**
 * The other region adds its signature.
 */
export interface AuthorizationAcceptance {
  /**
   * JWS general serialization with both signatures.
   */
  'document'?: (string);
}

/**
 * The other region adds its signature.
 */
export interface AuthorizationAcceptance__Output {
  /**
   * JWS general serialization with both signatures.
   */
  'document': (string);
}
