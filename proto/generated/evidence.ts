import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { LogEntry as _tongban_v1_LogEntry, LogEntry__Output as _tongban_v1_LogEntry__Output } from './tongban/v1/LogEntry.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      LogEntry: MessageTypeDefinition<_tongban_v1_LogEntry, _tongban_v1_LogEntry__Output>
      LogEntryKind: EnumTypeDefinition
    }
  }
}

