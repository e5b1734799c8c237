import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Ping as _tongban_v1_Ping, Ping__Output as _tongban_v1_Ping__Output } from './tongban/v1/Ping.ts';
import type { Skip as _tongban_v1_Skip, Skip__Output as _tongban_v1_Skip__Output } from './tongban/v1/Skip.ts';
import type { StatementPublished as _tongban_v1_StatementPublished, StatementPublished__Output as _tongban_v1_StatementPublished__Output } from './tongban/v1/StatementPublished.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      Ping: MessageTypeDefinition<_tongban_v1_Ping, _tongban_v1_Ping__Output>
      Skip: MessageTypeDefinition<_tongban_v1_Skip, _tongban_v1_Skip__Output>
      StatementPublished: MessageTypeDefinition<_tongban_v1_StatementPublished, _tongban_v1_StatementPublished__Output>
    }
  }
}

