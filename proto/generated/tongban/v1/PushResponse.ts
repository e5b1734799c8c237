// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

export interface PushResponse {
  'offset'?: (number | string | Long);
  'complete'?: (boolean);
}

export interface PushResponse__Output {
  'offset': (number);
  'complete': (boolean);
}
