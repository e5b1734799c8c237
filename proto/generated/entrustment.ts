import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EntrustmentPublished as _tongban_v1_EntrustmentPublished, EntrustmentPublished__Output as _tongban_v1_EntrustmentPublished__Output } from './tongban/v1/EntrustmentPublished.ts';
import type { EntrustmentRevoked as _tongban_v1_EntrustmentRevoked, EntrustmentRevoked__Output as _tongban_v1_EntrustmentRevoked__Output } from './tongban/v1/EntrustmentRevoked.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      EntrustmentPublished: MessageTypeDefinition<_tongban_v1_EntrustmentPublished, _tongban_v1_EntrustmentPublished__Output>
      EntrustmentRevoked: MessageTypeDefinition<_tongban_v1_EntrustmentRevoked, _tongban_v1_EntrustmentRevoked__Output>
    }
  }
}

