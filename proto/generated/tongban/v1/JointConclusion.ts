// Original file: tongban/v1/joint.proto


/**
 * Every party has signed; from the lead region to each.
 */
export interface JointConclusion {
  /**
   * JWS general serialization with the signatures of all parties.
   */
  'document'?: (string);
  'statements'?: (string)[];
}

/**
 * Every party has signed; from the lead region to each.
 */
export interface JointConclusion__Output {
  /**
   * JWS general serialization with the signatures of all parties.
   */
  'document': (string);
  'statements': (string)[];
}
