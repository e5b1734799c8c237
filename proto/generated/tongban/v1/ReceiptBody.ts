// Original file: tongban/v1/envelope.proto

import type { Outcome as _tongban_v1_Outcome, Outcome__Output as _tongban_v1_Outcome__Output } from '../../tongban/v1/Outcome.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * What the receiving gateway promises for ever about one envelope. A repeat gets these same bytes.
 */
export interface ReceiptBody {
  /**
   * 1.
   */
  'version'?: (number);
  /**
   * Region that gives the verdict (the envelope's recipient).
   */
  'issuer'?: (string);
  /**
   * Region that receives the verdict (the envelope's sender).
   */
  'audience'?: (string);
  'envelopeId'?: (string);
  /**
   * Leaf hash of the envelope under the sender's suite.
   */
  'leafHash'?: (Buffer | Uint8Array | string);
  'conversation'?: (string);
  'sequence'?: (number | string | Long);
  'outcome'?: (_tongban_v1_Outcome);
  /**
   * Empty when accepted, else a code of the closed registry.
   */
  'code'?: (string);
  /**
   * Milliseconds.
   */
  'receivedAt'?: (number | string | Long);
  /**
   * Milliseconds.
   */
  'decidedAt'?: (number | string | Long);
}

/**
 * What the receiving gateway promises for ever about one envelope. A repeat gets these same bytes.
 */
export interface ReceiptBody__Output {
  /**
   * 1.
   */
  'version': (number);
  /**
   * Region that gives the verdict (the envelope's recipient).
   */
  'issuer': (string);
  /**
   * Region that receives the verdict (the envelope's sender).
   */
  'audience': (string);
  'envelopeId': (string);
  /**
   * Leaf hash of the envelope under the sender's suite.
   */
  'leafHash': (Buffer);
  'conversation': (string);
  'sequence': (number);
  'outcome': (_tongban_v1_Outcome__Output);
  /**
   * Empty when accepted, else a code of the closed registry.
   */
  'code': (string);
  /**
   * Milliseconds.
   */
  'receivedAt': (number);
  /**
   * Milliseconds.
   */
  'decidedAt': (number);
}
