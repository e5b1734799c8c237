import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from './tongban/v1/Envelope.ts';
import type { EnvelopeHeader as _tongban_v1_EnvelopeHeader, EnvelopeHeader__Output as _tongban_v1_EnvelopeHeader__Output } from './tongban/v1/EnvelopeHeader.ts';
import type { Receipt as _tongban_v1_Receipt, Receipt__Output as _tongban_v1_Receipt__Output } from './tongban/v1/Receipt.ts';
import type { ReceiptBody as _tongban_v1_ReceiptBody, ReceiptBody__Output as _tongban_v1_ReceiptBody__Output } from './tongban/v1/ReceiptBody.ts';
import type { Seal as _tongban_v1_Seal, Seal__Output as _tongban_v1_Seal__Output } from './tongban/v1/Seal.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      Envelope: MessageTypeDefinition<_tongban_v1_Envelope, _tongban_v1_Envelope__Output>
      EnvelopeHeader: MessageTypeDefinition<_tongban_v1_EnvelopeHeader, _tongban_v1_EnvelopeHeader__Output>
      Outcome: EnumTypeDefinition
      Receipt: MessageTypeDefinition<_tongban_v1_Receipt, _tongban_v1_Receipt__Output>
      ReceiptBody: MessageTypeDefinition<_tongban_v1_ReceiptBody, _tongban_v1_ReceiptBody__Output>
      Seal: MessageTypeDefinition<_tongban_v1_Seal, _tongban_v1_Seal__Output>
    }
  }
}

