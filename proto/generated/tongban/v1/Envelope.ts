// Original file: tongban/v1/envelope.proto

import type { Seal as _tongban_v1_Seal, Seal__Output as _tongban_v1_Seal__Output } from '../../tongban/v1/Seal.ts';

/**
 * One signed message between two gateways. Header and payload bytes are fixed when the sending side accepts them.
 */
export interface Envelope {
  /**
   * Encoded EnvelopeHeader, kept and hashed exactly as received.
   */
  'header'?: (Buffer | Uint8Array | string);
  /**
   * Encoded payload message named by EnvelopeHeader.type.
   */
  'payload'?: (Buffer | Uint8Array | string);
  /**
   * 32 random bytes; erased together with the payload.
   */
  'payloadSalt'?: (Buffer | Uint8Array | string);
  /**
   * Absent inside a Batch, whose signed root covers the whole group.
   */
  'seal'?: (_tongban_v1_Seal | null);
}

/**
 * One signed message between two gateways. Header and payload bytes are fixed when the sending side accepts them.
 */
export interface Envelope__Output {
  /**
   * Encoded EnvelopeHeader, kept and hashed exactly as received.
   */
  'header': (Buffer);
  /**
   * Encoded payload message named by EnvelopeHeader.type.
   */
  'payload': (Buffer);
  /**
   * 32 random bytes; erased together with the payload.
   */
  'payloadSalt': (Buffer);
  /**
   * Absent inside a Batch, whose signed root covers the whole group.
   */
  'seal': (_tongban_v1_Seal__Output | null);
}
