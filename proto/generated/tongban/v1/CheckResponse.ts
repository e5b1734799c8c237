// Original file: tongban/v1/exchange.proto

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from '../../tongban/v1/Envelope.ts';

export interface CheckResponse {
  'envelope'?: (_tongban_v1_Envelope | null);
}

export interface CheckResponse__Output {
  'envelope': (_tongban_v1_Envelope__Output | null);
}
