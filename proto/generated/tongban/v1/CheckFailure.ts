// Original file: tongban/v1/exchange.proto


/**
 * A question without an answer. Unsigned, bound to what came; nothing was stored.
 */
export interface CheckFailure {
  /**
   * Leaf hash of the header bytes that came.
   */
  'leafHash'?: (Buffer | Uint8Array | string);
  'code'?: (string);
}

/**
 * A question without an answer. Unsigned, bound to what came; nothing was stored.
 */
export interface CheckFailure__Output {
  /**
   * Leaf hash of the header bytes that came.
   */
  'leafHash': (Buffer);
  'code': (string);
}
