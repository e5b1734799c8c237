// Original file: tongban/v1/data.proto

import type { DataStatus as _tongban_v1_DataStatus, DataStatus__Output as _tongban_v1_DataStatus__Output } from '../../tongban/v1/DataStatus.ts';
import type { Long } from '@grpc/proto-loader';

export interface DataAnswer {
  'kind'?: (string);
  'status'?: (_tongban_v1_DataStatus);
  /**
   * Milliseconds.
   */
  'answeredAt'?: (number | string | Long);
  'fields'?: ({[key: string]: string});
  /**
   * Seconds for which the asker may use this answer again for the very same question; 0: it must ask again.
   */
  'validForSeconds'?: (number);
}

export interface DataAnswer__Output {
  'kind': (string);
  'status': (_tongban_v1_DataStatus__Output);
  /**
   * Milliseconds.
   */
  'answeredAt': (number);
  'fields': ({[key: string]: string});
  /**
   * Seconds for which the asker may use this answer again for the very same question; 0: it must ask again.
   */
  'validForSeconds': (number);
}
