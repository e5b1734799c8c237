// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * P11 好差评.
 */
export interface CaseRated {
  /**
   * 1 to 5.
   */
  'score'?: (number);
  'comment'?: (string);
  'ratedAt'?: (number | string | Long);
}

/**
 * P11 好差评.
 */
export interface CaseRated__Output {
  /**
   * 1 to 5.
   */
  'score': (number);
  'comment': (string);
  'ratedAt': (number);
}
