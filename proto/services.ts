import { loadPackageDefinition, type ServiceClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { definitions } from './codec.ts';
import type { CheckServiceClient, CheckServiceHandlers } from './generated/tongban/v1/CheckService.ts';
import type { ExchangeServiceClient, ExchangeServiceHandlers } from './generated/tongban/v1/ExchangeService.ts';
import type { MaterialServiceClient, MaterialServiceHandlers } from './generated/tongban/v1/MaterialService.ts';
import type { RecoveryServiceClient, RecoveryServiceHandlers } from './generated/tongban/v1/RecoveryService.ts';

export type { CheckServiceClient, CheckServiceHandlers } from './generated/tongban/v1/CheckService.ts';
export type { ExchangeServiceClient, ExchangeServiceHandlers } from './generated/tongban/v1/ExchangeService.ts';
export type { MaterialServiceClient, MaterialServiceHandlers } from './generated/tongban/v1/MaterialService.ts';
export type { RecoveryServiceClient, RecoveryServiceHandlers } from './generated/tongban/v1/RecoveryService.ts';

type ClientOf<C> = new (...args: ConstructorParameters<ServiceClientConstructor>) => C;

const clients = (loadPackageDefinition(definitions) as { tongban: { v1: Record<string, ServiceClientConstructor> } })
  .tongban.v1;

/** Client of the stream that carries batches. */
export const ExchangeClient = clients.ExchangeService as unknown as ClientOf<ExchangeServiceClient>;
/** Client that asks about certificates. */
export const CheckClient = clients.CheckService as unknown as ClientOf<CheckServiceClient>;
/** Client that pushes material files. */
export const MaterialClient = clients.MaterialService as unknown as ClientOf<MaterialServiceClient>;
/** Client that asks for what a restored store has lost. */
export const RecoveryClient = clients.RecoveryService as unknown as ClientOf<RecoveryServiceClient>;

/** Service definitions for a grpc-js server. */
export const services = {
  exchange: clients.ExchangeService!.service as ServiceDefinition<ExchangeServiceHandlers>,
  check: clients.CheckService!.service as ServiceDefinition<CheckServiceHandlers>,
  material: clients.MaterialService!.service as ServiceDefinition<MaterialServiceHandlers>,
  recovery: clients.RecoveryService!.service as ServiceDefinition<RecoveryServiceHandlers>,
};
