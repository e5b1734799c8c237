// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Commitment as _tongban_v1_Commitment, Commitment__Output as _tongban_v1_Commitment__Output } from '../../tongban/v1/Commitment.ts';

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
  /**
   * P8 容缺受理: against what it is accepted though materials are missing; absent where none is.
   */
  'commitment'?: (_tongban_v1_Commitment | null);
  /**
   * P6 逾期视为受理: nobody decided within the limit, so the case counts as accepted.
   */
  'deemed'?: (boolean);
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
  /**
   * P8 容缺受理: against what it is accepted though materials are missing; absent where none is.
   */
  'commitment': (_tongban_v1_Commitment__Output | null);
  /**
   * P6 逾期视为受理: nobody decided within the limit, so the case counts as accepted.
   */
  'deemed': (boolean);
}
