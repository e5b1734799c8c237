// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

export interface StatusResponse {
  /**
   * Bytes staged so far.
   */
  'offset'?: (number | string | Long);
  /**
   * The file is whole and its digest was checked.
   */
  'complete'?: (boolean);
}

export interface StatusResponse__Output {
  /**
   * Bytes staged so far.
   */
  'offset': (number);
  /**
   * The file is whole and its digest was checked.
   */
  'complete': (boolean);
}
