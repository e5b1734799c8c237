import type { PlatformEvent } from '#adapters';
import { regionUrn } from '#proto';
import type { WebhooksConfig } from '../config/webhooks-config.ts';
import type { Store } from '../store/store.ts';
import type { Attempt } from './attempt-log.ts';
import { Courier } from './courier.ts';
import { demandSecrets } from './secrets.ts';
import type { Subscription } from './subscription.ts';
import { demandAllowed } from './target.ts';

export interface TestEventContext {
  readonly store: Store;
  readonly clock: { now(): number };
  /** UUIDv7 source. */
  readonly newId: () => string;
  readonly region: string;
  readonly config: WebhooksConfig;
}

/**
 * Sends a test event (试投) to a subscription at once, outside its queue.
 *
 * @throws CodedError VALIDATION_FAILED where the target is not listed, CONFLICT where its secret does not open
 */
export async function sendTestEvent(one: Subscription, context: TestEventContext): Promise<Omit<Attempt, 'n'>> {
  const { config, clock, newId, region, store } = context;
  demandAllowed(one.url, config.targets);
  const courier = new Courier(one, demandSecrets(one.secrets), { store, clock, networks: config.networks });
  const type = 'cn.tongban.webhook.ping.v1';
  const event: PlatformEvent = {
    ...{ id: newId(), type, source: regionUrn(region), subject: one.id, time: clock.now(), sequence: 1, data: {} },
  };
  try {
    return await courier.try(event);
  } finally {
    courier.close();
  }
}
