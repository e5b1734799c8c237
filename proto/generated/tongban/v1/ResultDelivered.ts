// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P10, R5: the result reached the applicant (送达).
 */
export interface ResultDelivered {
  /**
   * window, post, online or locker.
   */
  'way'?: (string);
  'deliveredAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P10, R5: the result reached the applicant (送达).
 */
export interface ResultDelivered__Output {
  /**
   * window, post, online or locker.
   */
  'way': (string);
  'deliveredAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
