// Original file: tongban/v1/exchange.proto

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from '../../tongban/v1/Envelope.ts';
import type { CheckFailure as _tongban_v1_CheckFailure, CheckFailure__Output as _tongban_v1_CheckFailure__Output } from '../../tongban/v1/CheckFailure.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Answers to questions of one group; several frames may share the work. Over all of them every question of the group
 * is answered once, or fails once.
 */
export interface CheckManyResponse {
  /**
   * Number of the group that is answered.
   */
  'answers'?: (number | string | Long);
  /**
   * Over the answers of this frame; empty when there is none.
   */
  'signedRoot'?: (Buffer | Uint8Array | string);
  /**
   * At most 256; none carries a seal of its own.
   */
  'envelopes'?: (_tongban_v1_Envelope)[];
  'failures'?: (_tongban_v1_CheckFailure)[];
}

/**
 * Answers to questions of one group; several frames may share the work. Over all of them every question of the group
 * is answered once, or fails once.
 */
export interface CheckManyResponse__Output {
  /**
   * Number of the group that is answered.
   */
  'answers': (number);
  /**
   * Over the answers of this frame; empty when there is none.
   */
  'signedRoot': (Buffer);
  /**
   * At most 256; none carries a seal of its own.
   */
  'envelopes': (_tongban_v1_Envelope__Output)[];
  'failures': (_tongban_v1_CheckFailure__Output)[];
}
