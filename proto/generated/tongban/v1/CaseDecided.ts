// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P7 办结: the decision of the department with power over the item.
 */
export interface CaseDecided {
  /**
   * approved or denied.
   */
  'decision'?: (string);
  'explanation'?: (string);
  'decidedAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P7 办结: the decision of the department with power over the item.
 */
export interface CaseDecided__Output {
  /**
   * approved or denied.
   */
  'decision': (string);
  'explanation': (string);
  'decidedAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
