import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { CertificateAnswer as _tongban_v1_CertificateAnswer, CertificateAnswer__Output as _tongban_v1_CertificateAnswer__Output } from './tongban/v1/CertificateAnswer.ts';
import type { CertificateNotice as _tongban_v1_CertificateNotice, CertificateNotice__Output as _tongban_v1_CertificateNotice__Output } from './tongban/v1/CertificateNotice.ts';
import type { CertificateQuestion as _tongban_v1_CertificateQuestion, CertificateQuestion__Output as _tongban_v1_CertificateQuestion__Output } from './tongban/v1/CertificateQuestion.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      CertificateAnswer: MessageTypeDefinition<_tongban_v1_CertificateAnswer, _tongban_v1_CertificateAnswer__Output>
      CertificateGround: EnumTypeDefinition
      CertificateNotice: MessageTypeDefinition<_tongban_v1_CertificateNotice, _tongban_v1_CertificateNotice__Output>
      CertificateQuestion: MessageTypeDefinition<_tongban_v1_CertificateQuestion, _tongban_v1_CertificateQuestion__Output>
      CertificateStatus: EnumTypeDefinition
    }
  }
}

