// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How the applicant consented (告知同意).
 */
export interface Consent {
  /**
   * Milliseconds.
   */
  'givenAt'?: (number | string | Long);
  /**
   * paper, online or oral-recorded.
   */
  'way'?: (string);
  /**
   * Version of the text that he was shown.
   */
  'version'?: (string);
}

/**
 * How the applicant consented (告知同意).
 */
export interface Consent__Output {
  /**
   * Milliseconds.
   */
  'givenAt': (number);
  /**
   * paper, online or oral-recorded.
   */
  'way': (string);
  /**
   * Version of the text that he was shown.
   */
  'version': (string);
}
