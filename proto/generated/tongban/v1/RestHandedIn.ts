// Original file: tongban/v1/case.proto

import type { Material as _tongban_v1_Material, Material__Output as _tongban_v1_Material__Output } from '../../tongban/v1/Material.ts';

/**
 * P8: what was committed at acceptance is handed in.
 */
export interface RestHandedIn {
  'materials'?: (_tongban_v1_Material)[];
}

/**
 * P8: what was committed at acceptance is handed in.
 */
export interface RestHandedIn__Output {
  'materials': (_tongban_v1_Material__Output)[];
}
