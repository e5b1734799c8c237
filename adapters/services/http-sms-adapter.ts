import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { openService, type ServiceConfig, serviceRules } from './service-client.ts';

/** A platform for text messages (短信平台): every message is one POST of JSON. */
export const httpSmsKind = {
  rules: serviceRules(),
  mapping: 'optional' as const,

  async create(config: ServiceConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const service = await openService(config, context, mapping);
    return {
      kind: 'http-sms',
      name: config.name,
      sms: { send: (request, signal) => service.order('sms', request, signal) },
      close: () => service.close(),
    };
  },
};
