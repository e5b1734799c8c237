// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

/**
 * That the log of the frame's note begins with an earlier state of it (RFC 9162, 2.1.4).
 */
export interface LogGrowth {
  /**
   * Leaves of the earlier state.
   */
  'size'?: (number | string | Long);
  /**
   * At most 54 hashes.
   */
  'proof'?: (Buffer | Uint8Array | string)[];
}

/**
 * That the log of the frame's note begins with an earlier state of it (RFC 9162, 2.1.4).
 */
export interface LogGrowth__Output {
  /**
   * Leaves of the earlier state.
   */
  'size': (number);
  /**
   * At most 54 hashes.
   */
  'proof': (Buffer)[];
}
