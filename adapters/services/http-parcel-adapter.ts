import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { ParcelStep } from './parcels.ts';
import { openService, type ServiceConfig, serviceRules } from './service-client.ts';

/** The post (邮政寄递): every question is one POST of JSON, the steps of the parcel are in its answer. */
export const httpParcelKind = {
  rules: serviceRules(),
  mapping: 'optional' as const,

  async create(config: ServiceConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const service = await openService(config, context, mapping);
    return {
      kind: 'http-parcel',
      name: config.name,
      parcels: {
        track: async (question, signal) => (await service.ask('parcel-question', question, signal)) as ParcelStep[],
      },
      close: () => service.close(),
    };
  },
};
