import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AuthorizationAcceptance as _tongban_v1_AuthorizationAcceptance, AuthorizationAcceptance__Output as _tongban_v1_AuthorizationAcceptance__Output } from './tongban/v1/AuthorizationAcceptance.ts';
import type { AuthorizationProposal as _tongban_v1_AuthorizationProposal, AuthorizationProposal__Output as _tongban_v1_AuthorizationProposal__Output } from './tongban/v1/AuthorizationProposal.ts';
import type { AuthorizationRevocation as _tongban_v1_AuthorizationRevocation, AuthorizationRevocation__Output as _tongban_v1_AuthorizationRevocation__Output } from './tongban/v1/AuthorizationRevocation.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      AuthorizationAcceptance: MessageTypeDefinition<_tongban_v1_AuthorizationAcceptance, _tongban_v1_AuthorizationAcceptance__Output>
      AuthorizationProposal: MessageTypeDefinition<_tongban_v1_AuthorizationProposal, _tongban_v1_AuthorizationProposal__Output>
      AuthorizationRevocation: MessageTypeDefinition<_tongban_v1_AuthorizationRevocation, _tongban_v1_AuthorizationRevocation__Output>
    }
  }
}

