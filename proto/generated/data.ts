import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { DataAnswer as _tongban_v1_DataAnswer, DataAnswer__Output as _tongban_v1_DataAnswer__Output } from './tongban/v1/DataAnswer.ts';
import type { DataParameter as _tongban_v1_DataParameter, DataParameter__Output as _tongban_v1_DataParameter__Output } from './tongban/v1/DataParameter.ts';
import type { DataQuestion as _tongban_v1_DataQuestion, DataQuestion__Output as _tongban_v1_DataQuestion__Output } from './tongban/v1/DataQuestion.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      DataAnswer: MessageTypeDefinition<_tongban_v1_DataAnswer, _tongban_v1_DataAnswer__Output>
      DataParameter: MessageTypeDefinition<_tongban_v1_DataParameter, _tongban_v1_DataParameter__Output>
      DataQuestion: MessageTypeDefinition<_tongban_v1_DataQuestion, _tongban_v1_DataQuestion__Output>
      DataStatus: EnumTypeDefinition
    }
  }
}

