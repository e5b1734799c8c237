// Original file: tongban/v1/envelope.proto

import type { Seal as _tongban_v1_Seal, Seal__Output as _tongban_v1_Seal__Output } from '../../tongban/v1/Seal.ts';

/**
 * Final verdict on a verified envelope, signed by the region that decided.
 */
export interface Receipt {
  /**
   * Encoded ReceiptBody, kept and hashed exactly as received.
   */
  'body'?: (Buffer | Uint8Array | string);
  'seal'?: (_tongban_v1_Seal | null);
}

/**
 * Final verdict on a verified envelope, signed by the region that decided.
 */
export interface Receipt__Output {
  /**
   * Encoded ReceiptBody, kept and hashed exactly as received.
   */
  'body': (Buffer);
  'seal': (_tongban_v1_Seal__Output | null);
}
