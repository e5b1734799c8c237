import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AuthorizationAcceptance as _tongban_v1_AuthorizationAcceptance, AuthorizationAcceptance__Output as _tongban_v1_AuthorizationAcceptance__Output } from './tongban/v1/AuthorizationAcceptance.ts';
import type { AuthorizationContacts as _tongban_v1_AuthorizationContacts, AuthorizationContacts__Output as _tongban_v1_AuthorizationContacts__Output } from './tongban/v1/AuthorizationContacts.ts';
import type { AuthorizationProposal as _tongban_v1_AuthorizationProposal, AuthorizationProposal__Output as _tongban_v1_AuthorizationProposal__Output } from './tongban/v1/AuthorizationProposal.ts';
import type { AuthorizationResumption as _tongban_v1_AuthorizationResumption, AuthorizationResumption__Output as _tongban_v1_AuthorizationResumption__Output } from './tongban/v1/AuthorizationResumption.ts';
import type { AuthorizationRevocation as _tongban_v1_AuthorizationRevocation, AuthorizationRevocation__Output as _tongban_v1_AuthorizationRevocation__Output } from './tongban/v1/AuthorizationRevocation.ts';
import type { AuthorizationSuspension as _tongban_v1_AuthorizationSuspension, AuthorizationSuspension__Output as _tongban_v1_AuthorizationSuspension__Output } from './tongban/v1/AuthorizationSuspension.ts';
import type { CatalogueList as _tongban_v1_CatalogueList, CatalogueList__Output as _tongban_v1_CatalogueList__Output } from './tongban/v1/CatalogueList.ts';
import type { Contact as _tongban_v1_Contact, Contact__Output as _tongban_v1_Contact__Output } from './tongban/v1/Contact.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      AuthorizationAcceptance: MessageTypeDefinition<_tongban_v1_AuthorizationAcceptance, _tongban_v1_AuthorizationAcceptance__Output>
      AuthorizationContacts: MessageTypeDefinition<_tongban_v1_AuthorizationContacts, _tongban_v1_AuthorizationContacts__Output>
      AuthorizationProposal: MessageTypeDefinition<_tongban_v1_AuthorizationProposal, _tongban_v1_AuthorizationProposal__Output>
      AuthorizationResumption: MessageTypeDefinition<_tongban_v1_AuthorizationResumption, _tongban_v1_AuthorizationResumption__Output>
      AuthorizationRevocation: MessageTypeDefinition<_tongban_v1_AuthorizationRevocation, _tongban_v1_AuthorizationRevocation__Output>
      AuthorizationSuspension: MessageTypeDefinition<_tongban_v1_AuthorizationSuspension, _tongban_v1_AuthorizationSuspension__Output>
      CatalogueList: MessageTypeDefinition<_tongban_v1_CatalogueList, _tongban_v1_CatalogueList__Output>
      Contact: MessageTypeDefinition<_tongban_v1_Contact, _tongban_v1_Contact__Output>
    }
  }
}

