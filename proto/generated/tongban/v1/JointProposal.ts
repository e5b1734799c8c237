// Original file: tongban/v1/joint.proto


/**
 * The lead region proposes a document that it has signed.
 */
export interface JointProposal {
  /**
   * JWS general serialization with the lead's signature.
   */
  'document'?: (string);
  /**
   * Region statements of the parties, for those that the recipient has not pinned.
   */
  'statements'?: (string)[];
}

/**
 * The lead region proposes a document that it has signed.
 */
export interface JointProposal__Output {
  /**
   * JWS general serialization with the lead's signature.
   */
  'document': (string);
  /**
   * Region statements of the parties, for those that the recipient has not pinned.
   */
  'statements': (string)[];
}
