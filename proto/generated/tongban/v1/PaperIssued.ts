// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * 文书: the region whose act it was made and signed the notice of it. The file goes ahead like a material.
 */
export interface PaperIssued {
  /**
   * receipt, one-time-notice, acceptance, commitment, refusal, supplement or delivery.
   */
  'kind'?: (string);
  /**
   * Number of the notice (文号); where the message of the act carries one, the same.
   */
  'number'?: (string);
  /**
   * SHA-256 of the PDF.
   */
  'digest'?: (Buffer | Uint8Array | string);
  'size'?: (number | string | Long);
  'mediaType'?: (string);
  /**
   * When the act was done, milliseconds.
   */
  'issuedAt'?: (number | string | Long);
}

/**
 * 文书: the region whose act it was made and signed the notice of it. The file goes ahead like a material.
 */
export interface PaperIssued__Output {
  /**
   * receipt, one-time-notice, acceptance, commitment, refusal, supplement or delivery.
   */
  'kind': (string);
  /**
   * Number of the notice (文号); where the message of the act carries one, the same.
   */
  'number': (string);
  /**
   * SHA-256 of the PDF.
   */
  'digest': (Buffer);
  'size': (number);
  'mediaType': (string);
  /**
   * When the act was done, milliseconds.
   */
  'issuedAt': (number);
}
