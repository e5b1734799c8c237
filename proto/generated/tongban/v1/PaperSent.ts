// Original file: tongban/v1/case.proto

import type { PaperParcel as _tongban_v1_PaperParcel, PaperParcel__Output as _tongban_v1_PaperParcel__Output } from '../../tongban/v1/PaperParcel.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P5: paper originals were mailed.
 */
export interface PaperSent {
  /**
   * Who carries it: EMS, ...
   */
  'carrier'?: (string);
  'trackingNumber'?: (string);
  'parcels'?: (_tongban_v1_PaperParcel)[];
  'sentAt'?: (number | string | Long);
}

/**
 * P5: paper originals were mailed.
 */
export interface PaperSent__Output {
  /**
   * Who carries it: EMS, ...
   */
  'carrier': (string);
  'trackingNumber': (string);
  'parcels': (_tongban_v1_PaperParcel__Output)[];
  'sentAt': (number);
}
