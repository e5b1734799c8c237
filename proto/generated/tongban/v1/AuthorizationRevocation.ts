// Original file: tongban/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Either region ends it.
 */
export interface AuthorizationRevocation {
  'authorizationId'?: (string);
  'authorizationDigest'?: (Buffer | Uint8Array | string);
  'reason'?: (string);
  /**
   * Open cases end too.
   */
  'forCause'?: (boolean);
  /**
   * Milliseconds.
   */
  'revokedAt'?: (number | string | Long);
}

/**
 * Either region ends it.
 */
export interface AuthorizationRevocation__Output {
  'authorizationId': (string);
  'authorizationDigest': (Buffer);
  'reason': (string);
  /**
   * Open cases end too.
   */
  'forCause': (boolean);
  /**
   * Milliseconds.
   */
  'revokedAt': (number);
}
