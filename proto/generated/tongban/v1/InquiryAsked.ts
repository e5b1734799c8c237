// Original file: tongban/v1/inquiry.proto

import type { InquirySubject as _tongban_v1_InquirySubject, InquirySubject__Output as _tongban_v1_InquirySubject__Output } from '../../tongban/v1/InquirySubject.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Each inquiry is a conversation of its own.
 */
export interface InquiryAsked {
  /**
   * verification or consultation.
   */
  'kind'?: (string);
  /**
   * Number that the asking region gave it (协查函号).
   */
  'number'?: (string);
  /**
   * Item that a verification serves; a consultation may name none.
   */
  'item'?: (string);
  /**
   * Whom a verification is about; absent in a consultation.
   */
  'subject'?: (_tongban_v1_InquirySubject | null);
  'question'?: (string);
  /**
   * The clause on which a verification rests; may be empty in a consultation.
   */
  'legalBasis'?: (string);
  'askedAt'?: (number | string | Long);
  /**
   * Until when an answer is wanted, milliseconds; counted in working days by the region that asks.
   */
  'replyBy'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * Each inquiry is a conversation of its own.
 */
export interface InquiryAsked__Output {
  /**
   * verification or consultation.
   */
  'kind': (string);
  /**
   * Number that the asking region gave it (协查函号).
   */
  'number': (string);
  /**
   * Item that a verification serves; a consultation may name none.
   */
  'item': (string);
  /**
   * Whom a verification is about; absent in a consultation.
   */
  'subject': (_tongban_v1_InquirySubject__Output | null);
  'question': (string);
  /**
   * The clause on which a verification rests; may be empty in a consultation.
   */
  'legalBasis': (string);
  'askedAt': (number);
  /**
   * Until when an answer is wanted, milliseconds; counted in working days by the region that asks.
   */
  'replyBy': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
