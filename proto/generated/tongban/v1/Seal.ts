// Original file: tongban/v1/envelope.proto


/**
 * Proof that a leaf is under a root that the sender signed.
 */
export interface Seal {
  /**
   * Compact JWS over {root, size, iss, iat}.
   */
  'signedRoot'?: (Buffer | Uint8Array | string);
  'leafIndex'?: (number);
  'treeSize'?: (number);
  /**
   * Sibling hashes from the leaf to the root (RFC 9162, 2.1.3).
   */
  'inclusionPath'?: (Buffer | Uint8Array | string)[];
}

/**
 * Proof that a leaf is under a root that the sender signed.
 */
export interface Seal__Output {
  /**
   * Compact JWS over {root, size, iss, iat}.
   */
  'signedRoot': (Buffer);
  'leafIndex': (number);
  'treeSize': (number);
  /**
   * Sibling hashes from the leaf to the root (RFC 9162, 2.1.3).
   */
  'inclusionPath': (Buffer)[];
}
