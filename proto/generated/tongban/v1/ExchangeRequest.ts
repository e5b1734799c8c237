// Original file: tongban/v1/exchange.proto

import type { Hello as _tongban_v1_Hello, Hello__Output as _tongban_v1_Hello__Output } from '../../tongban/v1/Hello.ts';
import type { Batch as _tongban_v1_Batch, Batch__Output as _tongban_v1_Batch__Output } from '../../tongban/v1/Batch.ts';
import type { Checkpoint as _tongban_v1_Checkpoint, Checkpoint__Output as _tongban_v1_Checkpoint__Output } from '../../tongban/v1/Checkpoint.ts';
import type { StatementFrame as _tongban_v1_StatementFrame, StatementFrame__Output as _tongban_v1_StatementFrame__Output } from '../../tongban/v1/StatementFrame.ts';

/**
 * From the sender's side.
 */
export interface ExchangeRequest {
  'hello'?: (_tongban_v1_Hello | null);
  'batch'?: (_tongban_v1_Batch | null);
  'checkpoint'?: (_tongban_v1_Checkpoint | null);
  'statement'?: (_tongban_v1_StatementFrame | null);
  'frame'?: "hello"|"batch"|"checkpoint"|"statement";
}

/**
 * From the sender's side.
 */
export interface ExchangeRequest__Output {
  'hello'?: (_tongban_v1_Hello__Output | null);
  'batch'?: (_tongban_v1_Batch__Output | null);
  'checkpoint'?: (_tongban_v1_Checkpoint__Output | null);
  'statement'?: (_tongban_v1_StatementFrame__Output | null);
  'frame'?: "hello"|"batch"|"checkpoint"|"statement";
}
