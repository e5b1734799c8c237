// Original file: tongban/v1/exchange.proto

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from '../../tongban/v1/Envelope.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A complete group of questions under one signed root, like a Batch.
 */
export interface CheckManyRequest {
  /**
   * Counts from 1 on each stream.
   */
  'number'?: (number | string | Long);
  'signedRoot'?: (Buffer | Uint8Array | string);
  /**
   * At most 256; none carries a seal of its own.
   */
  'questions'?: (_tongban_v1_Envelope)[];
}

/**
 * A complete group of questions under one signed root, like a Batch.
 */
export interface CheckManyRequest__Output {
  /**
   * Counts from 1 on each stream.
   */
  'number': (number);
  'signedRoot': (Buffer);
  /**
   * At most 256; none carries a seal of its own.
   */
  'questions': (_tongban_v1_Envelope__Output)[];
}
