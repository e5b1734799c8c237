// Original file: tongban/v1/exchange.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExchangeRequest as _tongban_v1_ExchangeRequest, ExchangeRequest__Output as _tongban_v1_ExchangeRequest__Output } from '../../tongban/v1/ExchangeRequest.ts';
import type { ExchangeResponse as _tongban_v1_ExchangeResponse, ExchangeResponse__Output as _tongban_v1_ExchangeResponse__Output } from '../../tongban/v1/ExchangeResponse.ts';

/**
 * Carries sealed batches one way and receipts the other.
 */
export interface ExchangeServiceClient extends grpc.Client {
  /**
   * One long-lived stream, dialled by the sender.
   */
  Exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeResponse__Output>;
  Exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeResponse__Output>;
  /**
   * One long-lived stream, dialled by the sender.
   */
  exchange(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeResponse__Output>;
  exchange(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeResponse__Output>;
  
}

/**
 * Carries sealed batches one way and receipts the other.
 */
export interface ExchangeServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * One long-lived stream, dialled by the sender.
   */
  Exchange: grpc.handleBidiStreamingCall<_tongban_v1_ExchangeRequest__Output, _tongban_v1_ExchangeResponse>;
  
}

export interface ExchangeServiceDefinition extends grpc.ServiceDefinition {
  Exchange: MethodDefinition<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeResponse, _tongban_v1_ExchangeRequest__Output, _tongban_v1_ExchangeResponse__Output>
}
