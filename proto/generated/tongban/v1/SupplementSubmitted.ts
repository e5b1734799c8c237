// Original file: tongban/v1/case.proto

import type { Material as _tongban_v1_Material, Material__Output as _tongban_v1_Material__Output } from '../../tongban/v1/Material.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';

/**
 * The answer to a SupplementRequested, from the receiving region.
 */
export interface SupplementSubmitted {
  'materials'?: (_tongban_v1_Material)[];
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * The answer to a SupplementRequested, from the receiving region.
 */
export interface SupplementSubmitted__Output {
  'materials': (_tongban_v1_Material__Output)[];
  'handler': (_tongban_v1_Handler__Output | null);
}
