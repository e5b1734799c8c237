// Original file: tongban/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Either region stops new cases for a while (中止); open cases go on.
 */
export interface AuthorizationSuspension {
  'authorizationId'?: (string);
  'authorizationDigest'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
  /**
   * Milliseconds.
   */
  'suspendedAt'?: (number | string | Long);
}

/**
 * Either region stops new cases for a while (中止); open cases go on.
 */
export interface AuthorizationSuspension__Output {
  'authorizationId': (string);
  'authorizationDigest': (Buffer);
  'reason': (string);
  /**
   * Milliseconds.
   */
  'suspendedAt': (number);
}
