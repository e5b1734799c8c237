// Original file: tongban/v1/inquiry.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

export interface InquiryAnswered {
  /**
   * That of the inquiry.
   */
  'kind'?: (string);
  /**
   * confirmed, refuted or unknown for a verification; answered or unknown for a consultation.
   */
  'outcome'?: (string);
  'answer'?: (string);
  'answeredAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

export interface InquiryAnswered__Output {
  /**
   * That of the inquiry.
   */
  'kind': (string);
  /**
   * confirmed, refuted or unknown for a verification; answered or unknown for a consultation.
   */
  'outcome': (string);
  'answer': (string);
  'answeredAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
