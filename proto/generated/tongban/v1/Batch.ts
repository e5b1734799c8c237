// Original file: tongban/v1/exchange.proto

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from '../../tongban/v1/Envelope.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A complete group of envelopes under one signed root; the receiver rebuilds the tree, so no paths travel.
 */
export interface Batch {
  /**
   * Counts from 1 on each stream.
   */
  'number'?: (number | string | Long);
  'signedRoot'?: (Buffer | Uint8Array | string);
  /**
   * At most 256; none carries a seal of its own.
   */
  'envelopes'?: (_tongban_v1_Envelope)[];
  /**
   * Reserved for W3C trace context; unsigned, for operators only. Nothing sets it yet.
   */
  'traceParent'?: (string);
}

/**
 * A complete group of envelopes under one signed root; the receiver rebuilds the tree, so no paths travel.
 */
export interface Batch__Output {
  /**
   * Counts from 1 on each stream.
   */
  'number': (number);
  'signedRoot': (Buffer);
  /**
   * At most 256; none carries a seal of its own.
   */
  'envelopes': (_tongban_v1_Envelope__Output)[];
  /**
   * Reserved for W3C trace context; unsigned, for operators only. Nothing sets it yet.
   */
  'traceParent': (string);
}
