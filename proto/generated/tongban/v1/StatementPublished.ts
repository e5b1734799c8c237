// Original file: tongban/v1/system.proto


/**
 * A newer statement of the sender's region.
 */
export interface StatementPublished {
  /**
   * Compact JWS.
   */
  'statement'?: (string);
}

/**
 * A newer statement of the sender's region.
 */
export interface StatementPublished__Output {
  /**
   * Compact JWS.
   */
  'statement': (string);
}
