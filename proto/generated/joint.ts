import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { JointConclusion as _tongban_v1_JointConclusion, JointConclusion__Output as _tongban_v1_JointConclusion__Output } from './tongban/v1/JointConclusion.ts';
import type { JointEnding as _tongban_v1_JointEnding, JointEnding__Output as _tongban_v1_JointEnding__Output } from './tongban/v1/JointEnding.ts';
import type { JointProposal as _tongban_v1_JointProposal, JointProposal__Output as _tongban_v1_JointProposal__Output } from './tongban/v1/JointProposal.ts';
import type { JointSignature as _tongban_v1_JointSignature, JointSignature__Output as _tongban_v1_JointSignature__Output } from './tongban/v1/JointSignature.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      JointConclusion: MessageTypeDefinition<_tongban_v1_JointConclusion, _tongban_v1_JointConclusion__Output>
      JointEnding: MessageTypeDefinition<_tongban_v1_JointEnding, _tongban_v1_JointEnding__Output>
      JointProposal: MessageTypeDefinition<_tongban_v1_JointProposal, _tongban_v1_JointProposal__Output>
      JointSignature: MessageTypeDefinition<_tongban_v1_JointSignature, _tongban_v1_JointSignature__Output>
    }
  }
}

