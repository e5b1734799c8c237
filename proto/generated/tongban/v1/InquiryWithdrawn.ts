// Original file: tongban/v1/inquiry.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The region that asked takes the inquiry back, answered or not; both regions then hold nothing personal of it.
 */
export interface InquiryWithdrawn {
  /**
   * Never says who anybody is: it outlives the inquiry.
   */
  'reason'?: (string);
  'withdrawnAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * The region that asked takes the inquiry back, answered or not; both regions then hold nothing personal of it.
 */
export interface InquiryWithdrawn__Output {
  /**
   * Never says who anybody is: it outlives the inquiry.
   */
  'reason': (string);
  'withdrawnAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
