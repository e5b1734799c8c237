// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

export interface HighWaterMark {
  'conversation'?: (string);
  'sequence'?: (number | string | Long);
}

export interface HighWaterMark__Output {
  'conversation': (string);
  'sequence': (number);
}
