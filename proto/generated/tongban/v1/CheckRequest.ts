// Original file: tongban/v1/exchange.proto

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from '../../tongban/v1/Envelope.ts';

export interface CheckRequest {
  'envelope'?: (_tongban_v1_Envelope | null);
}

export interface CheckRequest__Output {
  'envelope': (_tongban_v1_Envelope__Output | null);
}
