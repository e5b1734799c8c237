import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { openService, type ServiceConfig, serviceRules } from './service-client.ts';

/** A rating platform (好差评): every invitation is one POST of JSON. */
export const httpRatingKind = {
  rules: serviceRules(),
  mapping: 'optional' as const,

  async create(config: ServiceConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const service = await openService(config, context, mapping);
    return {
      kind: 'http-rating',
      name: config.name,
      rating: { invite: (invitation, signal) => service.order('rating-invitation', invitation, signal) },
      close: () => service.close(),
    };
  },
};
