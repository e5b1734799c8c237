// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

export interface PushOpening {
  'conversation'?: (string);
  'digest'?: (Buffer | Uint8Array | string);
  /**
   * Bytes of the whole file, at most 200 MiB.
   */
  'size'?: (number | string | Long);
  /**
   * Where the chunks begin; must be what Status named.
   */
  'offset'?: (number | string | Long);
}

export interface PushOpening__Output {
  'conversation': (string);
  'digest': (Buffer);
  /**
   * Bytes of the whole file, at most 200 MiB.
   */
  'size': (number);
  /**
   * Where the chunks begin; must be what Status named.
   */
  'offset': (number);
}
