// Original file: tongban/v1/recovery.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One signature and the leaves that it covers, in order.
 */
export interface SealedGroup {
  /**
   * For the frames that follow, which refer to the four newest groups only.
   */
  'number'?: (number | string | Long);
  'signedRoot'?: (Buffer | Uint8Array | string);
  /**
   * Leaf hashes of 32 bytes each, at most 256.
   */
  'leaves'?: (Buffer | Uint8Array | string);
}

/**
 * One signature and the leaves that it covers, in order.
 */
export interface SealedGroup__Output {
  /**
   * For the frames that follow, which refer to the four newest groups only.
   */
  'number': (number);
  'signedRoot': (Buffer);
  /**
   * Leaf hashes of 32 bytes each, at most 256.
   */
  'leaves': (Buffer);
}
