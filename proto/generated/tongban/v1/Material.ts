// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * A file handed in (材料). The bytes travel through MaterialService.
 */
export interface Material {
  'name'?: (string);
  /**
   * SHA-256 of the file.
   */
  'digest'?: (Buffer | Uint8Array | string);
  'size'?: (number | string | Long);
  'mediaType'?: (string);
  /**
   * Trust grade A, B, C or D (可信等级).
   */
  'grade'?: (string);
  /**
   * R3: who compared it with the original (原件核验), for grade B.
   */
  'checkedBy'?: (_tongban_v1_Handler | null);
  'checkedAt'?: (number | string | Long);
}

/**
 * A file handed in (材料). The bytes travel through MaterialService.
 */
export interface Material__Output {
  'name': (string);
  /**
   * SHA-256 of the file.
   */
  'digest': (Buffer);
  'size': (number);
  'mediaType': (string);
  /**
   * Trust grade A, B, C or D (可信等级).
   */
  'grade': (string);
  /**
   * R3: who compared it with the original (原件核验), for grade B.
   */
  'checkedBy': (_tongban_v1_Handler__Output | null);
  'checkedAt': (number);
}
