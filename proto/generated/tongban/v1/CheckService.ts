// Original file: tongban/v1/exchange.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckRequest as _tongban_v1_CheckRequest, CheckRequest__Output as _tongban_v1_CheckRequest__Output } from '../../tongban/v1/CheckRequest.ts';
import type { CheckResponse as _tongban_v1_CheckResponse, CheckResponse__Output as _tongban_v1_CheckResponse__Output } from '../../tongban/v1/CheckResponse.ts';

/**
 * Asks a region about a certificate. Question and answer are sealed envelopes tied by in_reply_to.
 */
export interface CheckServiceClient extends grpc.Client {
  Check(argument: _tongban_v1_CheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  Check(argument: _tongban_v1_CheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  Check(argument: _tongban_v1_CheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  Check(argument: _tongban_v1_CheckRequest, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  check(argument: _tongban_v1_CheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  check(argument: _tongban_v1_CheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  check(argument: _tongban_v1_CheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  check(argument: _tongban_v1_CheckRequest, callback: grpc.requestCallback<_tongban_v1_CheckResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Asks a region about a certificate. Question and answer are sealed envelopes tied by in_reply_to.
 */
export interface CheckServiceHandlers extends grpc.UntypedServiceImplementation {
  Check: grpc.handleUnaryCall<_tongban_v1_CheckRequest__Output, _tongban_v1_CheckResponse>;
  
}

export interface CheckServiceDefinition extends grpc.ServiceDefinition {
  Check: MethodDefinition<_tongban_v1_CheckRequest, _tongban_v1_CheckResponse, _tongban_v1_CheckRequest__Output, _tongban_v1_CheckResponse__Output>
}
