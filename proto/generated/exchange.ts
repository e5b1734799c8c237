import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Batch as _tongban_v1_Batch, Batch__Output as _tongban_v1_Batch__Output } from './tongban/v1/Batch.ts';
import type { CheckFailure as _tongban_v1_CheckFailure, CheckFailure__Output as _tongban_v1_CheckFailure__Output } from './tongban/v1/CheckFailure.ts';
import type { CheckManyRequest as _tongban_v1_CheckManyRequest, CheckManyRequest__Output as _tongban_v1_CheckManyRequest__Output } from './tongban/v1/CheckManyRequest.ts';
import type { CheckManyResponse as _tongban_v1_CheckManyResponse, CheckManyResponse__Output as _tongban_v1_CheckManyResponse__Output } from './tongban/v1/CheckManyResponse.ts';
import type { CheckRequest as _tongban_v1_CheckRequest, CheckRequest__Output as _tongban_v1_CheckRequest__Output } from './tongban/v1/CheckRequest.ts';
import type { CheckResponse as _tongban_v1_CheckResponse, CheckResponse__Output as _tongban_v1_CheckResponse__Output } from './tongban/v1/CheckResponse.ts';
import type { CheckServiceClient as _tongban_v1_CheckServiceClient, CheckServiceDefinition as _tongban_v1_CheckServiceDefinition } from './tongban/v1/CheckService.ts';
import type { Checkpoint as _tongban_v1_Checkpoint, Checkpoint__Output as _tongban_v1_Checkpoint__Output } from './tongban/v1/Checkpoint.ts';
import type { Deferral as _tongban_v1_Deferral, Deferral__Output as _tongban_v1_Deferral__Output } from './tongban/v1/Deferral.ts';
import type { Envelope as _tongban_v1_Envelope, Envelope__Output as _tongban_v1_Envelope__Output } from './tongban/v1/Envelope.ts';
import type { EnvelopeHeader as _tongban_v1_EnvelopeHeader, EnvelopeHeader__Output as _tongban_v1_EnvelopeHeader__Output } from './tongban/v1/EnvelopeHeader.ts';
import type { ExchangeRequest as _tongban_v1_ExchangeRequest, ExchangeRequest__Output as _tongban_v1_ExchangeRequest__Output } from './tongban/v1/ExchangeRequest.ts';
import type { ExchangeResponse as _tongban_v1_ExchangeResponse, ExchangeResponse__Output as _tongban_v1_ExchangeResponse__Output } from './tongban/v1/ExchangeResponse.ts';
import type { ExchangeServiceClient as _tongban_v1_ExchangeServiceClient, ExchangeServiceDefinition as _tongban_v1_ExchangeServiceDefinition } from './tongban/v1/ExchangeService.ts';
import type { Hello as _tongban_v1_Hello, Hello__Output as _tongban_v1_Hello__Output } from './tongban/v1/Hello.ts';
import type { HighWaterMark as _tongban_v1_HighWaterMark, HighWaterMark__Output as _tongban_v1_HighWaterMark__Output } from './tongban/v1/HighWaterMark.ts';
import type { LogGrowth as _tongban_v1_LogGrowth, LogGrowth__Output as _tongban_v1_LogGrowth__Output } from './tongban/v1/LogGrowth.ts';
import type { MaterialServiceClient as _tongban_v1_MaterialServiceClient, MaterialServiceDefinition as _tongban_v1_MaterialServiceDefinition } from './tongban/v1/MaterialService.ts';
import type { PushOpening as _tongban_v1_PushOpening, PushOpening__Output as _tongban_v1_PushOpening__Output } from './tongban/v1/PushOpening.ts';
import type { PushRequest as _tongban_v1_PushRequest, PushRequest__Output as _tongban_v1_PushRequest__Output } from './tongban/v1/PushRequest.ts';
import type { PushResponse as _tongban_v1_PushResponse, PushResponse__Output as _tongban_v1_PushResponse__Output } from './tongban/v1/PushResponse.ts';
import type { Receipt as _tongban_v1_Receipt, Receipt__Output as _tongban_v1_Receipt__Output } from './tongban/v1/Receipt.ts';
import type { ReceiptBatch as _tongban_v1_ReceiptBatch, ReceiptBatch__Output as _tongban_v1_ReceiptBatch__Output } from './tongban/v1/ReceiptBatch.ts';
import type { ReceiptBody as _tongban_v1_ReceiptBody, ReceiptBody__Output as _tongban_v1_ReceiptBody__Output } from './tongban/v1/ReceiptBody.ts';
import type { Refusal as _tongban_v1_Refusal, Refusal__Output as _tongban_v1_Refusal__Output } from './tongban/v1/Refusal.ts';
import type { Seal as _tongban_v1_Seal, Seal__Output as _tongban_v1_Seal__Output } from './tongban/v1/Seal.ts';
import type { StatementFrame as _tongban_v1_StatementFrame, StatementFrame__Output as _tongban_v1_StatementFrame__Output } from './tongban/v1/StatementFrame.ts';
import type { StatusRequest as _tongban_v1_StatusRequest, StatusRequest__Output as _tongban_v1_StatusRequest__Output } from './tongban/v1/StatusRequest.ts';
import type { StatusResponse as _tongban_v1_StatusResponse, StatusResponse__Output as _tongban_v1_StatusResponse__Output } from './tongban/v1/StatusResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  tongban: {
    v1: {
      Batch: MessageTypeDefinition<_tongban_v1_Batch, _tongban_v1_Batch__Output>
      CheckFailure: MessageTypeDefinition<_tongban_v1_CheckFailure, _tongban_v1_CheckFailure__Output>
      CheckManyRequest: MessageTypeDefinition<_tongban_v1_CheckManyRequest, _tongban_v1_CheckManyRequest__Output>
      CheckManyResponse: MessageTypeDefinition<_tongban_v1_CheckManyResponse, _tongban_v1_CheckManyResponse__Output>
      CheckRequest: MessageTypeDefinition<_tongban_v1_CheckRequest, _tongban_v1_CheckRequest__Output>
      CheckResponse: MessageTypeDefinition<_tongban_v1_CheckResponse, _tongban_v1_CheckResponse__Output>
      /**
       * Asks a region about a certificate or about data that it holds. Question and answer are sealed envelopes tied by
       * in_reply_to.
       */
      CheckService: SubtypeConstructor<typeof grpc.Client, _tongban_v1_CheckServiceClient> & { service: _tongban_v1_CheckServiceDefinition }
      Checkpoint: MessageTypeDefinition<_tongban_v1_Checkpoint, _tongban_v1_Checkpoint__Output>
      Deferral: MessageTypeDefinition<_tongban_v1_Deferral, _tongban_v1_Deferral__Output>
      Envelope: MessageTypeDefinition<_tongban_v1_Envelope, _tongban_v1_Envelope__Output>
      EnvelopeHeader: MessageTypeDefinition<_tongban_v1_EnvelopeHeader, _tongban_v1_EnvelopeHeader__Output>
      ExchangeRequest: MessageTypeDefinition<_tongban_v1_ExchangeRequest, _tongban_v1_ExchangeRequest__Output>
      ExchangeResponse: MessageTypeDefinition<_tongban_v1_ExchangeResponse, _tongban_v1_ExchangeResponse__Output>
      /**
       * Carries sealed batches one way and receipts the other.
       */
      ExchangeService: SubtypeConstructor<typeof grpc.Client, _tongban_v1_ExchangeServiceClient> & { service: _tongban_v1_ExchangeServiceDefinition }
      Hello: MessageTypeDefinition<_tongban_v1_Hello, _tongban_v1_Hello__Output>
      HighWaterMark: MessageTypeDefinition<_tongban_v1_HighWaterMark, _tongban_v1_HighWaterMark__Output>
      LogGrowth: MessageTypeDefinition<_tongban_v1_LogGrowth, _tongban_v1_LogGrowth__Output>
      /**
       * Carries material files ahead of the envelope that names them: chunked, resumable, content-addressed.
       */
      MaterialService: SubtypeConstructor<typeof grpc.Client, _tongban_v1_MaterialServiceClient> & { service: _tongban_v1_MaterialServiceDefinition }
      Outcome: EnumTypeDefinition
      PushOpening: MessageTypeDefinition<_tongban_v1_PushOpening, _tongban_v1_PushOpening__Output>
      PushRequest: MessageTypeDefinition<_tongban_v1_PushRequest, _tongban_v1_PushRequest__Output>
      PushResponse: MessageTypeDefinition<_tongban_v1_PushResponse, _tongban_v1_PushResponse__Output>
      Receipt: MessageTypeDefinition<_tongban_v1_Receipt, _tongban_v1_Receipt__Output>
      ReceiptBatch: MessageTypeDefinition<_tongban_v1_ReceiptBatch, _tongban_v1_ReceiptBatch__Output>
      ReceiptBody: MessageTypeDefinition<_tongban_v1_ReceiptBody, _tongban_v1_ReceiptBody__Output>
      Refusal: MessageTypeDefinition<_tongban_v1_Refusal, _tongban_v1_Refusal__Output>
      Seal: MessageTypeDefinition<_tongban_v1_Seal, _tongban_v1_Seal__Output>
      StatementFrame: MessageTypeDefinition<_tongban_v1_StatementFrame, _tongban_v1_StatementFrame__Output>
      StatusRequest: MessageTypeDefinition<_tongban_v1_StatusRequest, _tongban_v1_StatusRequest__Output>
      StatusResponse: MessageTypeDefinition<_tongban_v1_StatusResponse, _tongban_v1_StatusResponse__Output>
    }
  }
}

