// Original file: tongban/v1/exchange.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { PushRequest as _tongban_v1_PushRequest, PushRequest__Output as _tongban_v1_PushRequest__Output } from '../../tongban/v1/PushRequest.ts';
import type { PushResponse as _tongban_v1_PushResponse, PushResponse__Output as _tongban_v1_PushResponse__Output } from '../../tongban/v1/PushResponse.ts';
import type { StatusRequest as _tongban_v1_StatusRequest, StatusRequest__Output as _tongban_v1_StatusRequest__Output } from '../../tongban/v1/StatusRequest.ts';
import type { StatusResponse as _tongban_v1_StatusResponse, StatusResponse__Output as _tongban_v1_StatusResponse__Output } from '../../tongban/v1/StatusResponse.ts';

/**
 * Carries material files ahead of the envelope that names them: chunked, resumable, content-addressed.
 */
export interface MaterialServiceClient extends grpc.Client {
  /**
   * Sends the bytes from the offset that Status named. The first frame is the opening, the rest are chunks.
   */
  Push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  Push(metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  Push(options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  Push(callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  /**
   * Sends the bytes from the offset that Status named. The first frame is the opening, the rest are chunks.
   */
  push(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  push(metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  push(options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  push(callback: grpc.requestCallback<_tongban_v1_PushResponse__Output>): grpc.ClientWritableStream<_tongban_v1_PushRequest>;
  
  /**
   * How much of a material is staged already.
   */
  Status(argument: _tongban_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _tongban_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _tongban_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  Status(argument: _tongban_v1_StatusRequest, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  /**
   * How much of a material is staged already.
   */
  status(argument: _tongban_v1_StatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _tongban_v1_StatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _tongban_v1_StatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  status(argument: _tongban_v1_StatusRequest, callback: grpc.requestCallback<_tongban_v1_StatusResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Carries material files ahead of the envelope that names them: chunked, resumable, content-addressed.
 */
export interface MaterialServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Sends the bytes from the offset that Status named. The first frame is the opening, the rest are chunks.
   */
  Push: grpc.handleClientStreamingCall<_tongban_v1_PushRequest__Output, _tongban_v1_PushResponse>;
  
  /**
   * How much of a material is staged already.
   */
  Status: grpc.handleUnaryCall<_tongban_v1_StatusRequest__Output, _tongban_v1_StatusResponse>;
  
}

export interface MaterialServiceDefinition extends grpc.ServiceDefinition {
  Push: MethodDefinition<_tongban_v1_PushRequest, _tongban_v1_PushResponse, _tongban_v1_PushRequest__Output, _tongban_v1_PushResponse__Output>
  Status: MethodDefinition<_tongban_v1_StatusRequest, _tongban_v1_StatusResponse, _tongban_v1_StatusRequest__Output, _tongban_v1_StatusResponse__Output>
}
