// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * P6 不予受理.
 */
export interface CaseRefused {
  'notice'?: (string);
  'reason'?: (string);
  'legalBasis'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P6 不予受理.
 */
export interface CaseRefused__Output {
  'notice': (string);
  'reason': (string);
  'legalBasis': (string);
  'handler': (_tongban_v1_Handler__Output | null);
}
