// Original file: tongban/v1/case.proto

import type { Long } from '@grpc/proto-loader';

export interface CommittedMaterial {
  /**
   * Name of the material.
   */
  'material'?: (string);
  /**
   * Milliseconds.
   */
  'dueAt'?: (number | string | Long);
}

export interface CommittedMaterial__Output {
  /**
   * Name of the material.
   */
  'material': (string);
  /**
   * Milliseconds.
   */
  'dueAt': (number);
}
