// Original file: tongban/v1/authorization.proto


/**
 * One region proposes a document that it has signed.
 */
export interface AuthorizationProposal {
  /**
   * JWS general serialization with the proposer's signature.
   */
  'document'?: (string);
}

/**
 * One region proposes a document that it has signed.
 */
export interface AuthorizationProposal__Output {
  /**
   * JWS general serialization with the proposer's signature.
   */
  'document': (string);
}
