// Original file: tongban/v1/case.proto

import type { CommittedMaterial as _tongban_v1_CommittedMaterial, CommittedMaterial__Output as _tongban_v1_CommittedMaterial__Output } from '../../tongban/v1/CommittedMaterial.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P8 告知承诺: what the applicant signed that he will hand in later.
 */
export interface Commitment {
  'materials'?: (_tongban_v1_CommittedMaterial)[];
  /**
   * What he commits himself to, and what happens when he does not keep it.
   */
  'text'?: (string);
  'signedAt'?: (number | string | Long);
  /**
   * SHA-256 of the signed commitment among the materials of the case; empty where it is none of them.
   */
  'document'?: (Buffer | Uint8Array | string);
  /**
   * Why he was trusted though nobody could say whether he is in good credit; empty where he is.
   */
  'creditWaived'?: (string);
}

/**
 * P8 告知承诺: what the applicant signed that he will hand in later.
 */
export interface Commitment__Output {
  'materials': (_tongban_v1_CommittedMaterial__Output)[];
  /**
   * What he commits himself to, and what happens when he does not keep it.
   */
  'text': (string);
  'signedAt': (number);
  /**
   * SHA-256 of the signed commitment among the materials of the case; empty where it is none of them.
   */
  'document': (Buffer);
  /**
   * Why he was trusted though nobody could say whether he is in good credit; empty where he is.
   */
  'creditWaived': (string);
}
