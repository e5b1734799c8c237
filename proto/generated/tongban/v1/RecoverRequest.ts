// Original file: tongban/v1/recovery.proto

import type { Long } from '@grpc/proto-loader';

export interface RecoverRequest {
  /**
   * Milliseconds: what was decided, or whose receipt came, from then on by the clock of the one that is asked.
   */
  'since'?: (number | string | Long);
}

export interface RecoverRequest__Output {
  /**
   * Milliseconds: what was decided, or whose receipt came, from then on by the clock of the one that is asked.
   */
  'since': (number);
}
