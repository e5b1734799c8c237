// Original file: tongban/v1/case.proto

import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { PaperSent as _tongban_v1_PaperSent, PaperSent__Output as _tongban_v1_PaperSent__Output } from '../../tongban/v1/PaperSent.ts';
import type { PaperSignedIn as _tongban_v1_PaperSignedIn, PaperSignedIn__Output as _tongban_v1_PaperSignedIn__Output } from '../../tongban/v1/PaperSignedIn.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * Something that belongs to a case and does not move it (随件事项): either region notes it, and both keep it.
 */
export interface CaseNote {
  'handler'?: (_tongban_v1_Handler | null);
  'notedAt'?: (number | string | Long);
  'paperSent'?: (_tongban_v1_PaperSent | null);
  'paperSignedIn'?: (_tongban_v1_PaperSignedIn | null);
  'note'?: "paperSent"|"paperSignedIn";
}

/**
 * Something that belongs to a case and does not move it (随件事项): either region notes it, and both keep it.
 */
export interface CaseNote__Output {
  'handler': (_tongban_v1_Handler__Output | null);
  'notedAt': (number);
  'paperSent'?: (_tongban_v1_PaperSent__Output | null);
  'paperSignedIn'?: (_tongban_v1_PaperSignedIn__Output | null);
  'note'?: "paperSent"|"paperSignedIn";
}
