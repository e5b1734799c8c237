import { Metadata } from '@grpc/grpc-js';
import { CodedError, ERROR_CODES, type ErrorCode } from '#proto';
import { CODE_METADATA } from '../outbound/peer-client.ts';

/** The gRPC status of an error, with its code in the metadata. Anything unexpected says only INTERNAL. */
export function statusOf(error: unknown): { code: number; details: string; metadata: Metadata } {
  const known = error instanceof CodedError ? error : new CodedError('INTERNAL');
  const metadata = new Metadata();
  metadata.set(CODE_METADATA, known.code);
  const { grpc, en } = ERROR_CODES[known.code];
  return { code: grpc, details: en, metadata };
}

/** The code that a caller is told. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof CodedError ? error.code : 'INTERNAL';
}
