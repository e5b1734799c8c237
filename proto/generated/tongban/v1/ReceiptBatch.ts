// Original file: tongban/v1/exchange.proto

import type { Deferral as _tongban_v1_Deferral, Deferral__Output as _tongban_v1_Deferral__Output } from '../../tongban/v1/Deferral.ts';
import type { Refusal as _tongban_v1_Refusal, Refusal__Output as _tongban_v1_Refusal__Output } from '../../tongban/v1/Refusal.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The answer to one Batch: every envelope of it appears exactly once below.
 */
export interface ReceiptBatch {
  /**
   * Number of the batch that is answered.
   */
  'answers'?: (number | string | Long);
  /**
   * Empty when there is no receipt.
   */
  'signedRoot'?: (Buffer | Uint8Array | string);
  /**
   * Encoded ReceiptBody, each kept exactly as received.
   */
  'receipts'?: (Buffer | Uint8Array | string)[];
  'deferrals'?: (_tongban_v1_Deferral)[];
  'refusals'?: (_tongban_v1_Refusal)[];
}

/**
 * The answer to one Batch: every envelope of it appears exactly once below.
 */
export interface ReceiptBatch__Output {
  /**
   * Number of the batch that is answered.
   */
  'answers': (number);
  /**
   * Empty when there is no receipt.
   */
  'signedRoot': (Buffer);
  /**
   * Encoded ReceiptBody, each kept exactly as received.
   */
  'receipts': (Buffer)[];
  'deferrals': (_tongban_v1_Deferral__Output)[];
  'refusals': (_tongban_v1_Refusal__Output)[];
}
