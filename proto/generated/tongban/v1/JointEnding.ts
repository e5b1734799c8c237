// Original file: tongban/v1/joint.proto


/**
 * A party refuses, withdraws or revokes, or the lead region gave up waiting. From whoever ends it to the lead region and
 * to the parties that it has pinned; the lead region passes it on to all.
 */
export interface JointEnding {
  /**
   * Compact JWS of the region that ends it.
   */
  'ending'?: (string);
  /**
   * Newest statement of that region.
   */
  'statement'?: (string);
}

/**
 * A party refuses, withdraws or revokes, or the lead region gave up waiting. From whoever ends it to the lead region and
 * to the parties that it has pinned; the lead region passes it on to all.
 */
export interface JointEnding__Output {
  /**
   * Compact JWS of the region that ends it.
   */
  'ending': (string);
  /**
   * Newest statement of that region.
   */
  'statement': (string);
}
