// Original file: tongban/v1/exchange.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Numbers of one conversation for which there are receipts.
 */
export interface HighWaterMark {
  'conversation'?: (string);
  /**
   * Highest one of the other side that the speaker decided about; 0 for none.
   */
  'sequence'?: (number | string | Long);
  /**
   * Highest one of the speaker for which it holds a receipt of the other side; 0 for none.
   */
  'receipted'?: (number | string | Long);
}

/**
 * Numbers of one conversation for which there are receipts.
 */
export interface HighWaterMark__Output {
  'conversation': (string);
  /**
   * Highest one of the other side that the speaker decided about; 0 for none.
   */
  'sequence': (number);
  /**
   * Highest one of the speaker for which it holds a receipt of the other side; 0 for none.
   */
  'receipted': (number);
}
