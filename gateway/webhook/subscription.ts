import type { Secrets } from './secrets.ts';

/** Where a platform wants the events of the region sent (事件订阅), as it said itself by the API. */
export interface Subscription {
  readonly id: string;
  /** Subject of the token that made it: nobody else sees it but who administers the system. */
  readonly owner: string;
  readonly url: string;
  /** Types of events; empty for all. */
  readonly types: readonly string[];
  readonly state: 'active' | 'paused';
  /** Undefined where they do not open: nothing is sent then until there is a new one. */
  readonly secrets: Secrets | undefined;
  /** Counts up with every change. */
  readonly version: number;
  /** Milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a platform says about a subscription. */
export interface SubscriptionWish {
  readonly url: string;
  readonly types: readonly string[];
}

/** What it may change of it. */
export type SubscriptionChange = Partial<SubscriptionWish> & { readonly state?: Subscription['state'] };

/** The name under which its queue, its letters and its metrics are kept. No platform of the configuration can have it. */
export function queueName(id: string): string {
  return `webhook:${id}`;
}

/** Whether a queue is one of a subscription. */
export function isWebhookQueue(name: string): boolean {
  return name.startsWith('webhook:');
}
