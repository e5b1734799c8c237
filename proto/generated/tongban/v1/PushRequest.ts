// Original file: tongban/v1/exchange.proto

import type { PushOpening as _tongban_v1_PushOpening, PushOpening__Output as _tongban_v1_PushOpening__Output } from '../../tongban/v1/PushOpening.ts';

export interface PushRequest {
  'opening'?: (_tongban_v1_PushOpening | null);
  'chunk'?: (Buffer | Uint8Array | string);
  'frame'?: "opening"|"chunk";
}

export interface PushRequest__Output {
  'opening'?: (_tongban_v1_PushOpening__Output | null);
  'chunk'?: (Buffer);
  'frame'?: "opening"|"chunk";
}
