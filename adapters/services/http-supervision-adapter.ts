import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { openService, type ServiceConfig, serviceRules } from './service-client.ts';

/** A supervision platform (电子监察): every report is one POST of JSON. */
export const httpSupervisionKind = {
  rules: serviceRules(),
  mapping: 'optional' as const,

  async create(config: ServiceConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const service = await openService(config, context, mapping);
    return {
      kind: 'http-supervision',
      name: config.name,
      supervision: { report: (report, signal) => service.order('supervision-report', report, signal) },
      close: () => service.close(),
    };
  },
};
