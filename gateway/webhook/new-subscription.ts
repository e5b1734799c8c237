import { CodedError } from '#proto';
import { newSecrets } from './secrets.ts';
import type { Subscription, SubscriptionWish } from './subscription.ts';

/** Subscriptions that there may be, and of them those of one platform. */
export const WEBHOOKS = 64;
export const WEBHOOKS_OF_ONE = 8;

/** @param all that there are now @throws CodedError CONFLICT where there are too many for another of this owner */
export function demandRoom(all: readonly Pick<Subscription, 'owner'>[], owner: string): void {
  if (all.length < WEBHOOKS && all.filter((one) => one.owner === owner).length < WEBHOOKS_OF_ONE) return;
  throw new CodedError('CONFLICT', `a platform has at most ${WEBHOOKS_OF_ONE} webhooks, a gateway ${WEBHOOKS}`);
}

/** @param at in ms since 1970 */
export function newSubscription(id: string, owner: string, { url, types }: SubscriptionWish, at: number): Subscription {
  const named = { id, owner, url, types, state: 'active', secrets: newSecrets() } as const;
  return { ...named, version: 1, createdAt: at, updatedAt: at };
}
