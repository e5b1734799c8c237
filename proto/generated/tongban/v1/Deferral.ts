// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Verified but not to be decided yet. Unsigned; nothing was stored.
 */
export interface Deferral {
  'envelopeId'?: (string);
  'leafHash'?: (Buffer | Uint8Array | string);
  'code'?: (string);
  /**
   * Next sequence expected, for SEQUENCE_GAP.
   */
  'expectedSequence'?: (number | string | Long);
  /**
   * Material digests that are not staged, for MATERIAL_MISSING.
   */
  'missingMaterials'?: (Buffer | Uint8Array | string)[];
}

/**
 * Verified but not to be decided yet. Unsigned; nothing was stored.
 */
export interface Deferral__Output {
  'envelopeId': (string);
  'leafHash': (Buffer);
  'code': (string);
  /**
   * Next sequence expected, for SEQUENCE_GAP.
   */
  'expectedSequence': (number);
  /**
   * Material digests that are not staged, for MATERIAL_MISSING.
   */
  'missingMaterials': (Buffer)[];
}
