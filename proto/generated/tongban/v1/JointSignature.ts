// Original file: tongban/v1/joint.proto


/**
 * A party signs the payload of the proposal; to the lead region.
 */
export interface JointSignature {
  'agreementId'?: (string);
  'agreementDigest'?: (Buffer | Uint8Array | string);
  /**
   * Protected header and signature as they stand in the document: base64url.
   */
  'protected'?: (string);
  'signature'?: (string);
}

/**
 * A party signs the payload of the proposal; to the lead region.
 */
export interface JointSignature__Output {
  'agreementId': (string);
  'agreementDigest': (Buffer);
  /**
   * Protected header and signature as they stand in the document: base64url.
   */
  'protected': (string);
  'signature': (string);
}
