// Original file: tongban/v1/exchange.proto


/**
 * Not verified, expired, or a reused id. Unsigned, bound to what came; nothing was stored.
 */
export interface Refusal {
  /**
   * Leaf hash of the header bytes that came.
   */
  'leafHash'?: (Buffer | Uint8Array | string);
  'code'?: (string);
}

/**
 * Not verified, expired, or a reused id. Unsigned, bound to what came; nothing was stored.
 */
export interface Refusal__Output {
  /**
   * Leaf hash of the header bytes that came.
   */
  'leafHash': (Buffer);
  'code': (string);
}
