// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P7a 特别程序 begins.
 */
export interface SpecialProcedureStarted {
  /**
   * joint-review, site-inspection, acceptance-test, hearing or expert-review.
   */
  'kind'?: (string);
  'reason'?: (string);
  'startedAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P7a 特别程序 begins.
 */
export interface SpecialProcedureStarted__Output {
  /**
   * joint-review, site-inspection, acceptance-test, hearing or expert-review.
   */
  'kind': (string);
  'reason': (string);
  'startedAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
