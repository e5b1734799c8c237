// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * The applicant withdraws, as a request to the handling region.
 */
export interface WithdrawalRequested {
  'reason'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * The applicant withdraws, as a request to the handling region.
 */
export interface WithdrawalRequested__Output {
  'reason': (string);
  'handler': (_tongban_v1_Handler__Output | null);
}
