// Original file: tongban/v1/recovery.proto

import type { Long } from '@grpc/proto-loader';

export interface RecoverEnd {
  /**
   * Exchanged envelopes that were sent.
   */
  'count'?: (number | string | Long);
}

export interface RecoverEnd__Output {
  /**
   * Exchanged envelopes that were sent.
   */
  'count': (number);
}
