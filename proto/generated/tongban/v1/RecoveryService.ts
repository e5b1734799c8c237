// Original file: tongban/v1/recovery.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { RecoverRequest as _tongban_v1_RecoverRequest, RecoverRequest__Output as _tongban_v1_RecoverRequest__Output } from '../../tongban/v1/RecoverRequest.ts';
import type { RecoverResponse as _tongban_v1_RecoverResponse, RecoverResponse__Output as _tongban_v1_RecoverResponse__Output } from '../../tongban/v1/RecoverResponse.ts';

export interface RecoveryServiceClient extends grpc.Client {
  /**
   * What was exchanged with the caller. Only what the caller itself sent or received.
   */
  Recover(argument: _tongban_v1_RecoverRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tongban_v1_RecoverResponse__Output>;
  Recover(argument: _tongban_v1_RecoverRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tongban_v1_RecoverResponse__Output>;
  /**
   * What was exchanged with the caller. Only what the caller itself sent or received.
   */
  recover(argument: _tongban_v1_RecoverRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tongban_v1_RecoverResponse__Output>;
  recover(argument: _tongban_v1_RecoverRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tongban_v1_RecoverResponse__Output>;
  
}

export interface RecoveryServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * What was exchanged with the caller. Only what the caller itself sent or received.
   */
  Recover: grpc.handleServerStreamingCall<_tongban_v1_RecoverRequest__Output, _tongban_v1_RecoverResponse>;
  
}

export interface RecoveryServiceDefinition extends grpc.ServiceDefinition {
  Recover: MethodDefinition<_tongban_v1_RecoverRequest, _tongban_v1_RecoverResponse, _tongban_v1_RecoverRequest__Output, _tongban_v1_RecoverResponse__Output>
}
