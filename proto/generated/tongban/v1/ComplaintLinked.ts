// Original file: tongban/v1/case.proto


/**
 * P11: a complaint at the hotline (12345) is about this case.
 */
export interface ComplaintLinked {
  /**
   * Number of its order.
   */
  'number'?: (string);
  'channel'?: (string);
}

/**
 * P11: a complaint at the hotline (12345) is about this case.
 */
export interface ComplaintLinked__Output {
  /**
   * Number of its order.
   */
  'number': (string);
  'channel': (string);
}
