// Original file: tongban/v1/exchange.proto


export interface StatusRequest {
  /**
   * Conversation whose envelope will name the material.
   */
  'conversation'?: (string);
  /**
   * SHA-256 of the file.
   */
  'digest'?: (Buffer | Uint8Array | string);
}

export interface StatusRequest__Output {
  /**
   * Conversation whose envelope will name the material.
   */
  'conversation': (string);
  /**
   * SHA-256 of the file.
   */
  'digest': (Buffer);
}
