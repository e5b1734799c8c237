// Original file: tongban/v1/case.proto

import type { MaterialOpinion as _tongban_v1_MaterialOpinion, MaterialOpinion__Output as _tongban_v1_MaterialOpinion__Output } from '../../tongban/v1/MaterialOpinion.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P0: a verdict and a reason for each material.
 */
export interface PreviewGiven {
  'opinions'?: (_tongban_v1_MaterialOpinion)[];
  'summary'?: (string);
  'givenAt'?: (number | string | Long);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P0: a verdict and a reason for each material.
 */
export interface PreviewGiven__Output {
  'opinions': (_tongban_v1_MaterialOpinion__Output)[];
  'summary': (string);
  'givenAt': (number);
  'handler': (_tongban_v1_Handler__Output | null);
}
