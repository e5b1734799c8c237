// Original file: tongban/v1/evidence.proto

import type { LogEntryKind as _tongban_v1_LogEntryKind, LogEntryKind__Output as _tongban_v1_LogEntryKind__Output } from '../../tongban/v1/LogEntryKind.ts';
import type { Long } from '@grpc/proto-loader';

export interface LogEntry {
  /**
   * 1.
   */
  'version'?: (number);
  'kind'?: (_tongban_v1_LogEntryKind);
  /**
   * Leaf hash of the envelope or of the receipt.
   */
  'subject'?: (Buffer | Uint8Array | string);
  /**
   * The other region.
   */
  'peer'?: (string);
  /**
   * Milliseconds.
   */
  'at'?: (number | string | Long);
}

export interface LogEntry__Output {
  /**
   * 1.
   */
  'version': (number);
  'kind': (_tongban_v1_LogEntryKind__Output);
  /**
   * Leaf hash of the envelope or of the receipt.
   */
  'subject': (Buffer);
  /**
   * The other region.
   */
  'peer': (string);
  /**
   * Milliseconds.
   */
  'at': (number);
}
