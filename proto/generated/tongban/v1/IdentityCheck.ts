// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

export interface IdentityCheck {
  'matched'?: (boolean);
  'checkedAt'?: (number | string | Long);
  /**
   * Device that compared; never an image.
   */
  'device'?: (string);
}

export interface IdentityCheck__Output {
  'matched': (boolean);
  'checkedAt': (number);
  /**
   * Device that compared; never an image.
   */
  'device': (string);
}
