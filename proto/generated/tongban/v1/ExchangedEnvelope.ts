// Original file: tongban/v1/recovery.proto

import type { Long } from '@grpc/proto-loader';

/**
 * An envelope with a final verdict, as the one that is asked keeps it.
 */
export interface ExchangedEnvelope {
  'header'?: (Buffer | Uint8Array | string);
  'payload'?: (Buffer | Uint8Array | string);
  /**
   * Empty when payload and salt were erased.
   */
  'payloadSalt'?: (Buffer | Uint8Array | string);
  /**
   * Group and place in it.
   */
  'group'?: (number | string | Long);
  'index'?: (number);
  /**
   * Encoded ReceiptBody.
   */
  'receipt'?: (Buffer | Uint8Array | string);
  'receiptGroup'?: (number | string | Long);
  'receiptIndex'?: (number);
}

/**
 * An envelope with a final verdict, as the one that is asked keeps it.
 */
export interface ExchangedEnvelope__Output {
  'header': (Buffer);
  'payload': (Buffer);
  /**
   * Empty when payload and salt were erased.
   */
  'payloadSalt': (Buffer);
  /**
   * Group and place in it.
   */
  'group': (number);
  'index': (number);
  /**
   * Encoded ReceiptBody.
   */
  'receipt': (Buffer);
  'receiptGroup': (number);
  'receiptIndex': (number);
}
