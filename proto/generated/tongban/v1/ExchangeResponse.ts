// Original file: tongban/v1/exchange.proto

import type { Hello as _tongban_v1_Hello, Hello__Output as _tongban_v1_Hello__Output } from '../../tongban/v1/Hello.ts';
import type { ReceiptBatch as _tongban_v1_ReceiptBatch, ReceiptBatch__Output as _tongban_v1_ReceiptBatch__Output } from '../../tongban/v1/ReceiptBatch.ts';
import type { Checkpoint as _tongban_v1_Checkpoint, Checkpoint__Output as _tongban_v1_Checkpoint__Output } from '../../tongban/v1/Checkpoint.ts';
import type { StatementFrame as _tongban_v1_StatementFrame, StatementFrame__Output as _tongban_v1_StatementFrame__Output } from '../../tongban/v1/StatementFrame.ts';

/**
 * From the receiver's side.
 */
export interface ExchangeResponse {
  'hello'?: (_tongban_v1_Hello | null);
  'receipts'?: (_tongban_v1_ReceiptBatch | null);
  'checkpoint'?: (_tongban_v1_Checkpoint | null);
  'statement'?: (_tongban_v1_StatementFrame | null);
  'frame'?: "hello"|"receipts"|"checkpoint"|"statement";
}

/**
 * From the receiver's side.
 */
export interface ExchangeResponse__Output {
  'hello'?: (_tongban_v1_Hello__Output | null);
  'receipts'?: (_tongban_v1_ReceiptBatch__Output | null);
  'checkpoint'?: (_tongban_v1_Checkpoint__Output | null);
  'statement'?: (_tongban_v1_StatementFrame__Output | null);
  'frame'?: "hello"|"receipts"|"checkpoint"|"statement";
}
