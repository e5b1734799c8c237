// Original file: tongban/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The region that suspended lets new cases in again (恢复).
 */
export interface AuthorizationResumption {
  'authorizationId'?: (string);
  'authorizationDigest'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
  /**
   * Milliseconds.
   */
  'resumedAt'?: (number | string | Long);
}

/**
 * The region that suspended lets new cases in again (恢复).
 */
export interface AuthorizationResumption__Output {
  'authorizationId': (string);
  'authorizationDigest': (Buffer);
  'reason': (string);
  /**
   * Milliseconds.
   */
  'resumedAt': (number);
}
