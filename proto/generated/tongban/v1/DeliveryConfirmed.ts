// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * P10: the applicant, or somebody for him, has the result in hand.
 */
export interface DeliveryConfirmed {
  /**
   * applicant or agent.
   */
  'receivedBy'?: (string);
  'receivedAt'?: (number | string | Long);
}

/**
 * P10: the applicant, or somebody for him, has the result in hand.
 */
export interface DeliveryConfirmed__Output {
  /**
   * applicant or agent.
   */
  'receivedBy': (string);
  'receivedAt': (number);
}
