// Original file: tongban/v1/exchange.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CheckManyRequest as _tongban_v1_CheckManyRequest, CheckManyRequest__Output as _tongban_v1_CheckManyRequest__Output } from '../../tongban/v1/CheckManyRequest.ts';
import type { CheckManyResponse as _tongban_v1_CheckManyResponse, CheckManyResponse__Output as _tongban_v1_CheckManyResponse__Output } from '../../tongban/v1/CheckManyResponse.ts';
import type { CheckRequest as _tongban_v1_CheckRequest, CheckRequest__Output as _tongban_v1_CheckRequest__Output } from '../../tongban/v1/CheckRequest.ts';
import type { CheckResponse as _tongban_v1_CheckResponse, CheckResponse__Output as _tongban_v1_CheckResponse__Output } from '../../tongban/v1/CheckResponse.ts';

/**
 * Asks a region about a certificate or about data that it holds. Question and answer are sealed envelopes tied by
 * in_reply_to.
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
  
  /**
   * Many questions, in groups under one signed root each. Answers come in groups of their own, in any order.
   */
  CheckMany(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyResponse__Output>;
  CheckMany(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyResponse__Output>;
  /**
   * Many questions, in groups under one signed root each. Answers come in groups of their own, in any order.
   */
  checkMany(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyResponse__Output>;
  checkMany(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyResponse__Output>;
  
}

/**
 * Asks a region about a certificate or about data that it holds. Question and answer are sealed envelopes tied by
 * in_reply_to.
 */
export interface CheckServiceHandlers extends grpc.UntypedServiceImplementation {
  Check: grpc.handleUnaryCall<_tongban_v1_CheckRequest__Output, _tongban_v1_CheckResponse>;
  
  /**
   * Many questions, in groups under one signed root each. Answers come in groups of their own, in any order.
   */
  CheckMany: grpc.handleBidiStreamingCall<_tongban_v1_CheckManyRequest__Output, _tongban_v1_CheckManyResponse>;
  
}

export interface CheckServiceDefinition extends grpc.ServiceDefinition {
  Check: MethodDefinition<_tongban_v1_CheckRequest, _tongban_v1_CheckResponse, _tongban_v1_CheckRequest__Output, _tongban_v1_CheckResponse__Output>
  CheckMany: MethodDefinition<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyResponse, _tongban_v1_CheckManyRequest__Output, _tongban_v1_CheckManyResponse__Output>
}
