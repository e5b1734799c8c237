// Original file: tongban/v1/case.proto

import type { MaterialOpinion as _tongban_v1_MaterialOpinion, MaterialOpinion__Output as _tongban_v1_MaterialOpinion__Output } from '../../tongban/v1/MaterialOpinion.ts';

/**
 * P6: what the department thinks of each material.
 */
export interface MaterialsReviewed {
  'opinions'?: (_tongban_v1_MaterialOpinion)[];
}

/**
 * P6: what the department thinks of each material.
 */
export interface MaterialsReviewed__Output {
  'opinions': (_tongban_v1_MaterialOpinion__Output)[];
}
