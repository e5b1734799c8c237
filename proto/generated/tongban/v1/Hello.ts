// Original file: tongban/v1/exchange.proto

import type { HighWaterMark as _tongban_v1_HighWaterMark, HighWaterMark__Output as _tongban_v1_HighWaterMark__Output } from '../../tongban/v1/HighWaterMark.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * First frame of each side.
 */
export interface Hello {
  /**
   * 1.
   */
  'protocol'?: (number);
  /**
   * Region that speaks.
   */
  'region'?: (string);
  /**
   * Serial and digest of the speaker's own statement.
   */
  'statementSerial'?: (number | string | Long);
  'statementDigest'?: (Buffer | Uint8Array | string);
  /**
   * What the speaker holds of the other side's statement.
   */
  'peerStatementSerial'?: (number | string | Long);
  'peerStatementDigest'?: (Buffer | Uint8Array | string);
  /**
   * How far the newest conversations with the other side came, so that it notices when its store was put back. At most 64.
   */
  'marks'?: (_tongban_v1_HighWaterMark)[];
  /**
   * Newest state of the other side's log that the speaker holds; empty when it holds none.
   */
  'heldNote'?: (string);
}

/**
 * First frame of each side.
 */
export interface Hello__Output {
  /**
   * 1.
   */
  'protocol': (number);
  /**
   * Region that speaks.
   */
  'region': (string);
  /**
   * Serial and digest of the speaker's own statement.
   */
  'statementSerial': (number);
  'statementDigest': (Buffer);
  /**
   * What the speaker holds of the other side's statement.
   */
  'peerStatementSerial': (number);
  'peerStatementDigest': (Buffer);
  /**
   * How far the newest conversations with the other side came, so that it notices when its store was put back. At most 64.
   */
  'marks': (_tongban_v1_HighWaterMark__Output)[];
  /**
   * Newest state of the other side's log that the speaker holds; empty when it holds none.
   */
  'heldNote': (string);
}
