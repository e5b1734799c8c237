// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * P15: 协查确认 or 业务咨询, from either region.
 */
export interface QuestionAsked {
  /**
   * UUID; the answer names it.
   */
  'id'?: (string);
  /**
   * verification or consultation.
   */
  'kind'?: (string);
  'question'?: (string);
  /**
   * Milliseconds.
   */
  'replyBy'?: (number | string | Long);
}

/**
 * P15: 协查确认 or 业务咨询, from either region.
 */
export interface QuestionAsked__Output {
  /**
   * UUID; the answer names it.
   */
  'id': (string);
  /**
   * verification or consultation.
   */
  'kind': (string);
  'question': (string);
  /**
   * Milliseconds.
   */
  'replyBy': (number);
}
