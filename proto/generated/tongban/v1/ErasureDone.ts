// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A region has nothing personal of the case any more (删除确认).
 */
export interface ErasureDone {
  'ground'?: (string);
  'erasedAt'?: (number | string | Long);
}

/**
 * A region has nothing personal of the case any more (删除确认).
 */
export interface ErasureDone__Output {
  'ground': (string);
  'erasedAt': (number);
}
