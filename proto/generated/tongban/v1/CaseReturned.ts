// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * Sent back as wrongly routed or unusable (退回).
 */
export interface CaseReturned {
  'reason'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * Sent back as wrongly routed or unusable (退回).
 */
export interface CaseReturned__Output {
  'reason': (string);
  'handler': (_tongban_v1_Handler__Output | null);
}
