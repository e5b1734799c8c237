import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { ExchangedEnvelope as _tongban_v1_ExchangedEnvelope, ExchangedEnvelope__Output as _tongban_v1_ExchangedEnvelope__Output } from './tongban/v1/ExchangedEnvelope.ts';
import type { RecoverEnd as _tongban_v1_RecoverEnd, RecoverEnd__Output as _tongban_v1_RecoverEnd__Output } from './tongban/v1/RecoverEnd.ts';
import type { RecoverOpening as _tongban_v1_RecoverOpening, RecoverOpening__Output as _tongban_v1_RecoverOpening__Output } from './tongban/v1/RecoverOpening.ts';
import type { RecoverRequest as _tongban_v1_RecoverRequest, RecoverRequest__Output as _tongban_v1_RecoverRequest__Output } from './tongban/v1/RecoverRequest.ts';
import type { RecoverResponse as _tongban_v1_RecoverResponse, RecoverResponse__Output as _tongban_v1_RecoverResponse__Output } from './tongban/v1/RecoverResponse.ts';
import type { RecoveryServiceClient as _tongban_v1_RecoveryServiceClient, RecoveryServiceDefinition as _tongban_v1_RecoveryServiceDefinition } from './tongban/v1/RecoveryService.ts';
import type { SealedGroup as _tongban_v1_SealedGroup, SealedGroup__Output as _tongban_v1_SealedGroup__Output } from './tongban/v1/SealedGroup.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      ExchangedEnvelope: MessageTypeDefinition<_tongban_v1_ExchangedEnvelope, _tongban_v1_ExchangedEnvelope__Output>
      RecoverEnd: MessageTypeDefinition<_tongban_v1_RecoverEnd, _tongban_v1_RecoverEnd__Output>
      RecoverOpening: MessageTypeDefinition<_tongban_v1_RecoverOpening, _tongban_v1_RecoverOpening__Output>
      RecoverRequest: MessageTypeDefinition<_tongban_v1_RecoverRequest, _tongban_v1_RecoverRequest__Output>
      RecoverResponse: MessageTypeDefinition<_tongban_v1_RecoverResponse, _tongban_v1_RecoverResponse__Output>
      RecoveryService: SubtypeConstructor<typeof grpc.Client, _tongban_v1_RecoveryServiceClient> & { service: _tongban_v1_RecoveryServiceDefinition }
      SealedGroup: MessageTypeDefinition<_tongban_v1_SealedGroup, _tongban_v1_SealedGroup__Output>
    }
  }
}

