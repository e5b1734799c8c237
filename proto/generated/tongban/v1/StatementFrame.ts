// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Shows the speaker's newest statement, ahead of anything that a key signs which only that statement names; or says
 * that the other side's newest was taken.
 */
export interface StatementFrame {
  /**
   * Compact JWS; empty when the frame only says what is held.
   */
  'statement'?: (string);
  /**
   * Serial of the other side's statement that the speaker holds now.
   */
  'heldSerial'?: (number | string | Long);
}

/**
 * Shows the speaker's newest statement, ahead of anything that a key signs which only that statement names; or says
 * that the other side's newest was taken.
 */
export interface StatementFrame__Output {
  /**
   * Compact JWS; empty when the frame only says what is held.
   */
  'statement': (string);
  /**
   * Serial of the other side's statement that the speaker holds now.
   */
  'heldSerial': (number);
}
