// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * P6 受理.
 */
export interface CaseAccepted {
  /**
   * Case number of the region that decides.
   */
  'caseNumber'?: (string);
  /**
   * Number of the acceptance notice (受理通知书).
   */
  'notice'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
  'promisedWorkingDays'?: (number);
}

/**
 * P6 受理.
 */
export interface CaseAccepted__Output {
  /**
   * Case number of the region that decides.
   */
  'caseNumber': (string);
  /**
   * Number of the acceptance notice (受理通知书).
   */
  'notice': (string);
  'handler': (_tongban_v1_Handler__Output | null);
  'promisedWorkingDays': (number);
}
