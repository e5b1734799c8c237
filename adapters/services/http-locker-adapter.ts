import { optional } from '#proto';
import type { Adapter, AdapterContext } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { LockerFinding } from './locker.ts';
import { openService, pathRule, type ServiceConfig, serviceRules } from './service-client.ts';

interface LockerConfig extends ServiceConfig {
  /** Where orders are cancelled, and what became of them is asked, if not where they are given. */
  readonly cancel_path?: string | null;
  readonly state_path?: string | null;
}

/** Lockers (自助存取文件柜): every order and every question is one POST of JSON. */
export const httpLockerKind = {
  rules: serviceRules({ cancel_path: optional(pathRule), state_path: optional(pathRule) }),
  mapping: 'optional' as const,

  async create(config: LockerConfig, context: AdapterContext, mapping: Mapping | undefined): Promise<Adapter> {
    const service = await openService(config, context, mapping);
    return {
      kind: 'http-locker',
      name: config.name,
      locker: {
        order: (order, signal) => service.order('locker-order', order, signal),
        cancel: (cancel, signal) => service.order('locker-cancel', cancel, signal, config.cancel_path),
        async state(conversation, signal) {
          // A question of its own each time: a stored answer would be an old one.
          const question = { id: `${conversation}-${context.now()}`, conversation };
          const found = await service.ask('locker-question', question, signal, config.state_path);
          return (found as LockerFinding[]).toSorted((a, b) => a.at - b.at).at(-1);
        },
      },
      close: () => service.close(),
    };
  },
};
