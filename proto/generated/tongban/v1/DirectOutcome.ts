// Original file: tongban/v1/case.proto

import type { Applicant as _tongban_v1_Applicant, Applicant__Output as _tongban_v1_Applicant__Output } from '../../tongban/v1/Applicant.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * M4 直接通办: the region that decided tells the home region (属地), where their authorization says that it is told.
 */
export interface DirectOutcome {
  'item'?: (string);
  /**
   * direct.
   */
  'mode'?: (string);
  'caseNumber'?: (string);
  /**
   * Only what the allow-list names; the rest is empty.
   */
  'applicant'?: (_tongban_v1_Applicant | null);
  /**
   * approved or denied.
   */
  'decision'?: (string);
  'certificateIdentifier'?: (string);
  'decidedAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * M4 直接通办: the region that decided tells the home region (属地), where their authorization says that it is told.
 */
export interface DirectOutcome__Output {
  'item': (string);
  /**
   * direct.
   */
  'mode': (string);
  'caseNumber': (string);
  /**
   * Only what the allow-list names; the rest is empty.
   */
  'applicant': (_tongban_v1_Applicant__Output | null);
  /**
   * approved or denied.
   */
  'decision': (string);
  'certificateIdentifier': (string);
  'decidedAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
