// Original file: tongban/v1/entrustment.proto


/**
 * A region shows another one a chain of entrustments.
 */
export interface EntrustmentPublished {
  /**
   * Compact JWS of every link, from the region's own down to the last.
   */
  'chain'?: (string)[];
  /**
   * Mutual authorization that it belongs to; empty if none.
   */
  'authorizationId'?: (string);
}

/**
 * A region shows another one a chain of entrustments.
 */
export interface EntrustmentPublished__Output {
  /**
   * Compact JWS of every link, from the region's own down to the last.
   */
  'chain': (string)[];
  /**
   * Mutual authorization that it belongs to; empty if none.
   */
  'authorizationId': (string);
}
