// Original file: tongban/v1/case.proto

import type { SupplementItem as _tongban_v1_SupplementItem, SupplementItem__Output as _tongban_v1_SupplementItem__Output } from '../../tongban/v1/SupplementItem.ts';
import type { Handler as _tongban_v1_Handler, Handler__Output as _tongban_v1_Handler__Output } from '../../tongban/v1/Handler.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * P6 材料补正: says everything that is missing, once.
 */
export interface SupplementRequested {
  'notice'?: (string);
  'items'?: (_tongban_v1_SupplementItem)[];
  /**
   * Milliseconds.
   */
  'deadline'?: (number | string | Long);
  /**
   * How to hand it in (方式).
   */
  'way'?: (string);
  'handler'?: (_tongban_v1_Handler | null);
}

/**
 * P6 材料补正: says everything that is missing, once.
 */
export interface SupplementRequested__Output {
  'notice': (string);
  'items': (_tongban_v1_SupplementItem__Output)[];
  /**
   * Milliseconds.
   */
  'deadline': (number);
  /**
   * How to hand it in (方式).
   */
  'way': (string);
  'handler': (_tongban_v1_Handler__Output | null);
}
