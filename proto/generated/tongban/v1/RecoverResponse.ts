// Original file: tongban/v1/recovery.proto

import type { RecoverOpening as _tongban_v1_RecoverOpening, RecoverOpening__Output as _tongban_v1_RecoverOpening__Output } from '../../tongban/v1/RecoverOpening.ts';
import type { SealedGroup as _tongban_v1_SealedGroup, SealedGroup__Output as _tongban_v1_SealedGroup__Output } from '../../tongban/v1/SealedGroup.ts';
import type { ExchangedEnvelope as _tongban_v1_ExchangedEnvelope, ExchangedEnvelope__Output as _tongban_v1_ExchangedEnvelope__Output } from '../../tongban/v1/ExchangedEnvelope.ts';
import type { RecoverEnd as _tongban_v1_RecoverEnd, RecoverEnd__Output as _tongban_v1_RecoverEnd__Output } from '../../tongban/v1/RecoverEnd.ts';

/**
 * The first frame is the opening, the last one the end; in between are groups, and exchanged envelopes in any order.
 */
export interface RecoverResponse {
  'opening'?: (_tongban_v1_RecoverOpening | null);
  'group'?: (_tongban_v1_SealedGroup | null);
  'exchanged'?: (_tongban_v1_ExchangedEnvelope | null);
  'end'?: (_tongban_v1_RecoverEnd | null);
  'frame'?: "opening"|"group"|"exchanged"|"end";
}

/**
 * The first frame is the opening, the last one the end; in between are groups, and exchanged envelopes in any order.
 */
export interface RecoverResponse__Output {
  'opening'?: (_tongban_v1_RecoverOpening__Output | null);
  'group'?: (_tongban_v1_SealedGroup__Output | null);
  'exchanged'?: (_tongban_v1_ExchangedEnvelope__Output | null);
  'end'?: (_tongban_v1_RecoverEnd__Output | null);
  'frame'?: "opening"|"group"|"exchanged"|"end";
}
