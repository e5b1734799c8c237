// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P13: the department takes its decision back (撤销); a certificate of the case is revoked with it.
 */
export interface ResultRevoked {
  /**
   * false-materials, commitment-broken, issued-in-error or other.
   */
  'ground'?: (string);
  /**
   * No word about a person: other regions are told too.
   */
  'reason'?: (string);
  'legalBasis'?: (string);
  'revokedAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P13: the department takes its decision back (撤销); a certificate of the case is revoked with it.
 */
export interface ResultRevoked__Output {
  /**
   * false-materials, commitment-broken, issued-in-error or other.
   */
  'ground': (string);
  /**
   * No word about a person: other regions are told too.
   */
  'reason': (string);
  'legalBasis': (string);
  'revokedAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
