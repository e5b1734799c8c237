// Original file: tongban/v1/data.proto

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export const DataStatus = {
  DATA_STATUS_UNSPECIFIED: 'DATA_STATUS_UNSPECIFIED',
  DATA_STATUS_FOUND: 'DATA_STATUS_FOUND',
  /**
   * The source answered that it holds no such record.
   */
  DATA_STATUS_NOT_FOUND: 'DATA_STATUS_NOT_FOUND',
  /**
   * Nobody here answers such a question, or the asker may not be told: the two look the same.
   */
  DATA_STATUS_UNKNOWN: 'DATA_STATUS_UNKNOWN',
} as const;

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export type DataStatus =
  | 'DATA_STATUS_UNSPECIFIED'
  | 0
  | 'DATA_STATUS_FOUND'
  | 1
  /**
   * The source answered that it holds no such record.
   */
  | 'DATA_STATUS_NOT_FOUND'
  | 2
  /**
   * Nobody here answers such a question, or the asker may not be told: the two look the same.
   */
  | 'DATA_STATUS_UNKNOWN'
  | 3

/**
 * More words may follow: a reader takes one that it does not know for UNKNOWN, and never relies on it.
 */
export type DataStatus__Output = typeof DataStatus[keyof typeof DataStatus]
