// Original file: tongban/v1/case.proto

import type { SignedInParcel as _tongban_v1_SignedInParcel, SignedInParcel__Output as _tongban_v1_SignedInParcel__Output } from '../../tongban/v1/SignedInParcel.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P5a 交接签收: what was in the parcel.
 */
export interface PaperSignedIn {
  'trackingNumber'?: (string);
  'parcels'?: (_tongban_v1_SignedInParcel)[];
  'signedInAt'?: (number | string | Long);
}

/**
 * P5a 交接签收: what was in the parcel.
 */
export interface PaperSignedIn__Output {
  'trackingNumber': (string);
  'parcels': (_tongban_v1_SignedInParcel__Output)[];
  'signedInAt': (number);
}
