// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P7a ends.
 */
export interface SpecialProcedureEnded {
  'kind'?: (string);
  'result'?: (string);
  'endedAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P7a ends.
 */
export interface SpecialProcedureEnded__Output {
  'kind': (string);
  'result': (string);
  'endedAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
