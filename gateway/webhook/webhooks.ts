import { randomBytes } from 'node:crypto';
import type { PlatformEvent } from '#adapters';
import { CodedError, type ErrorCode, regionUrn } from '#proto';
import type { Clock } from '#trust';
import type { WebhooksConfig } from '../config/webhooks-config.ts';
import type { LetterKeeper } from '../dead-letter/dead-letters.ts';
import type { LetterBook } from '../dead-letter/letter-book.ts';
import { DELIVERY_TIMING, Delivery, type DeliveryTiming } from '../platform/delivery.ts';
import { DeliveryQueue, type QueueSize } from '../platform/delivery-queue.ts';
import type { EventFeed } from '../platform/feed/event-feed.ts';
import { parkedEvents } from '../platform/parked.ts';
import type { Store, Transaction } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Attempt, attemptLog } from './attempt-log.ts';
import { Courier } from './courier.ts';
import {
  queueName,
  type Secrets,
  type Subscription,
  type SubscriptionChange,
  type SubscriptionWish,
} from './subscription.ts';
import { subscriptionTable } from './subscription-table.ts';
import { demandAllowed, isAllowed } from './target.ts';

/** Subscriptions that there may be, and of them those of one platform. */
export const WEBHOOKS = 64;
export const WEBHOOKS_OF_ONE = 8;

export interface WebhooksOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** UUIDv7 source. */
  readonly newId: () => string;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'delivered'>;
  readonly region: string;
  readonly config: WebhooksConfig;
  readonly feed: EventFeed;
  readonly letters: LetterBook;
  readonly timing?: Partial<DeliveryTiming>;
}

/** How a subscription is doing. */
export interface SubscriptionHealth extends QueueSize {
  /** Whether the operator lists its target, still. */
  readonly isAllowed: boolean;
  /** Every event up to here was delivered or waits on its own. */
  readonly position: number;
  /** Code of the last attempt; empty when it succeeded or there was none. */
  readonly lastCode: ErrorCode | '';
}

export interface ShownSubscription extends Subscription {
  readonly health: SubscriptionHealth;
}

interface Running {
  readonly courier: Courier;
  readonly delivery: Delivery;
}

/**
 * Webhooks that platforms ask for by the API (事件订阅): each has a queue of its own, with the order, the waits and the dead
 * letters of the platforms of the configuration.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #running = new Map<string, Running>();
  /** Where those go on that stand still for a change. */
  readonly #resting = new Map<string, number>();
  #isStopping = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WebhooksOptions) {
    this.#options = options;
    options.feed.listen(() => {
      for (const { delivery } of this.#running.values()) delivery.wake();
    });
  }

  /** Goes on delivering. Comes before anything that removes old events. */
  async start(): Promise<void> {
    for (const one of await subscriptionTable.all(this.#options.store.read)) {
      if (isAllowed(one.url, this.#options.config.targets)) await this.#run(one);
      else this.#options.log.warn({ adapter: queueName(one.id) }, 'webhooks.targets no longer lists this webhook');
      if (!one.secrets)
        this.#options.log.error(
          { adapter: queueName(one.id) },
          'the secret of a webhook does not open: it needs another',
        );
    }
  }

  /** Lets deliveries under way end, and begins no other. What waits stays in the store. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#inTurn(async () => {
      await Promise.all([...this.#running.keys()].map((id) => this.#halt(id)));
    });
  }

  /** Every event up to here is done with, for all that are at work or will be at once. */
  get doneUpTo(): number {
    const cursors = [...this.#running.values()].map(({ delivery }) => delivery.cursor);
    return Math.min(Number.MAX_SAFE_INTEGER, ...cursors, ...this.#resting.values());
  }

  /**
   * Subscribes to events from now on.
   *
   * @param also what is to be kept in the same unit of work
   * @throws CodedError VALIDATION_FAILED where the target is not listed, CONFLICT where there are too many
   */
  create(
    owner: string,
    { url, types }: SubscriptionWish,
    also: (tx: Transaction, made: ShownSubscription) => Promise<void> | void = () => {},
  ): Promise<ShownSubscription> {
    const { store, clock, newId, config, feed } = this.#options;
    demandAllowed(url, config.targets);
    return this.#inTurn(async () => {
      const all = await subscriptionTable.all(store.read);
      if (all.length >= WEBHOOKS || all.filter((one) => one.owner === owner).length >= WEBHOOKS_OF_ONE)
        throw new CodedError('CONFLICT', `a platform has at most ${WEBHOOKS_OF_ONE} webhooks, a gateway ${WEBHOOKS}`);
      const at = clock.now();
      const secrets = { current: newSecret() };
      const named = { id: newId(), owner, url, types, state: 'active', secrets } as const;
      const made: Subscription = { ...named, version: 1, createdAt: at, updatedAt: at };
      const position = await feed.newest();
      const shown = { ...made, health: { behind: 0, parked: 0, isAllowed: true, position, lastCode: '' } as const };
      await store.write(async (tx) => {
        await subscriptionTable.insert(tx, made);
        await subscriptionTable.setPlace(tx, made.id, position);
        await also(tx, shown);
      });
      await this.#run(made);
      return shown;
    });
  }

  /** @param owner whose; everybody's when undefined */
  async list(owner: string | undefined): Promise<ShownSubscription[]> {
    const all = await subscriptionTable.all(this.#options.store.read);
    const own = all.filter((one) => owner === undefined || one.owner === owner);
    return Promise.all(own.map((one) => this.#shown(one)));
  }

  /** @throws CodedError NOT_FOUND, also where it is somebody else's */
  async show(id: string, owner: string | undefined): Promise<ShownSubscription> {
    return this.#shown(await this.#demand(id, owner));
  }

  /**
   * Changes where events go, which, or whether they do.
   *
   * @param judge looks at what is there before it changes
   * @throws CodedError NOT_FOUND, VALIDATION_FAILED; EVENTS_GONE where it was paused for longer than events are kept;
   *   CONFLICT where its secret does not open
   */
  change(
    id: string,
    owner: string | undefined,
    change: SubscriptionChange,
    judge: (before: Subscription) => void = () => {},
  ): Promise<ShownSubscription> {
    const { config, feed, store } = this.#options;
    return this.#replace(id, owner, async (before) => {
      judge(before);
      demandSecrets(before);
      if (change.url !== undefined) demandAllowed(change.url, config.targets);
      if (before.state === 'paused' && change.state === 'active')
        await feed.demandKept(await subscriptionTable.placeOf(store.read, id));
      return { ...before, ...change };
    });
  }

  /** Has a new secret sign; the one before signs too for a while. @param overlapMs milliseconds */
  rotate(id: string, owner: string | undefined, overlapMs: number): Promise<ShownSubscription> {
    return this.#replace(id, owner, async (before) => {
      const until = this.#options.clock.now() + overlapMs;
      const old = before.secrets?.current;
      const previous = overlapMs > 0 && old !== undefined && { previous: { secret: old, until } };
      return { ...before, secrets: { current: newSecret(), ...previous } };
    });
  }

  /**
   * Delivers everything behind a position, again where it was delivered before.
   *
   * @throws CodedError NOT_FOUND, EVENTS_GONE
   */
  replay(id: string, owner: string | undefined, after: number): Promise<ShownSubscription> {
    return this.#inTurn(async () => {
      const one = await this.#demand(id, owner);
      const place = await subscriptionTable.placeOf(this.#options.store.read, id);
      return this.#atRest(id, Math.min(after, place), async () => {
        await this.#options.feed.demandKept(after);
        await this.#halt(id);
        try {
          await this.#options.store.write((tx) => subscriptionTable.setPlace(tx, id, after));
        } finally {
          await this.#run(one);
        }
        return this.#shown(one);
      });
    });
  }

  /** Sends a test event at once, outside the queue. */
  async ping(id: string, owner: string | undefined): Promise<Omit<Attempt, 'n'>> {
    const { config, clock, newId, region, store } = this.#options;
    const one = await this.#demand(id, owner);
    demandAllowed(one.url, config.targets);
    const courier = new Courier(one, demandSecrets(one), { store, clock, networks: config.networks });
    const type = 'cn.tongban.webhook.ping.v1';
    const event: PlatformEvent = {
      ...{ id: newId(), type, source: regionUrn(region), subject: id, time: clock.now(), sequence: 1, data: {} },
    };
    try {
      return await courier.try(event);
    } finally {
      courier.close();
    }
  }

  /** What was tried, newest first, below a number. @throws CodedError NOT_FOUND */
  async attempts(id: string, owner: string | undefined, limit: number, below?: number): Promise<Attempt[]> {
    await this.#demand(id, owner);
    return attemptLog.list(this.#options.store.read, id, limit, below);
  }

  /** Ends it for good. @throws CodedError NOT_FOUND */
  remove(id: string, owner: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      await this.#demand(id, owner);
      await this.#halt(id);
      await this.#options.store.write((tx) => subscriptionTable.remove(tx, id));
    });
  }

  /** What can be done about events that a webhook never took. */
  readonly letterKeeper: LetterKeeper = {
    retry: async (tx, letter) => {
      const running = [...this.#running].find(([id]) => queueName(id) === letter.name);
      if (!running) throw new CodedError('CONFLICT', 'there is no such webhook at work; drop it');
      await parkedEvents.unpark(tx, letter);
      tx.afterCommit(() => running[1].delivery.revived());
      return '';
    },
    drop: (tx, letter) => parkedEvents.remove(tx, letter),
    detail: (sql, letter) => parkedEvents.detail(sql, letter),
  };

  #replace(
    id: string,
    owner: string | undefined,
    change: (before: Subscription) => Promise<Subscription>,
  ): Promise<ShownSubscription> {
    return this.#inTurn(async () => {
      const before = await this.#demand(id, owner);
      const { clock, store } = this.#options;
      return this.#atRest(id, await subscriptionTable.placeOf(store.read, id), async () => {
        const after = { ...(await change(before)), version: before.version + 1, updatedAt: clock.now() };
        await store.write((tx) => subscriptionTable.update(tx, after));
        await this.#halt(id);
        await this.#run(after);
        return this.#shown(after);
      });
    });
  }

  /** What one that stands still will deliver must not be removed meanwhile. @param place events behind it are needed */
  async #atRest<T>(id: string, place: number, change: () => Promise<T>): Promise<T> {
    this.#resting.set(id, place);
    try {
      return await change();
    } finally {
      this.#resting.delete(id);
    }
  }

  async #demand(id: string, owner: string | undefined): Promise<Subscription> {
    const one = await subscriptionTable.find(this.#options.store.read, id);
    if (!one || (owner !== undefined && one.owner !== owner)) throw new CodedError('NOT_FOUND', 'no such webhook');
    return one;
  }

  async #run(one: Subscription): Promise<void> {
    const { store, clock, config, region, letters, log, random, metrics, timing } = this.#options;
    if (this.#isStopping || one.state !== 'active' || !one.secrets || !isAllowed(one.url, config.targets)) return;
    const name = queueName(one.id);
    await this.#leaveGone(one.id);
    const wants = (type: string) => one.types.length === 0 || one.types.includes(type);
    const queue = new DeliveryQueue(store, name, regionUrn(region), false, letters, undefined, wants);
    await queue.open();
    const courier = new Courier(one, one.secrets, { store, clock, networks: config.networks });
    const context = { clock, random, log: log.with({ adapter: name }), metrics };
    const delivery = new Delivery(name, courier.sink, queue, { ...context, timing: { ...DELIVERY_TIMING, ...timing } });
    this.#running.set(one.id, { courier, delivery });
    delivery.start();
  }

  /** Who was away for longer than events are kept goes on with what there is, and a letter says what is missing. */
  async #leaveGone(id: string): Promise<void> {
    const { store, feed, letters, clock } = this.#options;
    const [place, oldest] = [await subscriptionTable.placeOf(store.read, id), await feed.oldest()];
    if (place >= oldest) return;
    const name = queueName(id);
    await store.write(async (tx) => {
      await subscriptionTable.setPlace(tx, id, oldest);
      await letters.file(tx, {
        ...{ id: `${name}:${place + 1}-${oldest}`, queue: 'platform', name, place: place + 1, subject: '', type: '' },
        ...{ sequence: oldest - place, reason: 'overflow', code: 'EVENTS_GONE', since: clock.now() },
      });
    });
  }

  async #halt(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    await running.delivery.stop();
    running.courier.close();
    this.#running.delete(id);
  }

  async #shown(one: Subscription): Promise<ShownSubscription> {
    const { store, config } = this.#options;
    const delivery = this.#running.get(one.id)?.delivery;
    const size = (await delivery?.size()) ?? { behind: 0, parked: 0 };
    const position = await subscriptionTable.placeOf(store.read, one.id);
    const about = { position, isAllowed: isAllowed(one.url, config.targets), lastCode: delivery?.lastCode ?? '' };
    return { ...one, health: { ...size, ...about } };
  }

  /** One change at a time: each may stop and start a delivery. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** What was written with a key that is away must not be written over. @throws CodedError CONFLICT */
function demandSecrets({ secrets }: Subscription): Secrets {
  if (secrets) return secrets;
  throw new CodedError('CONFLICT', 'the secret of the webhook does not open; ask for another first');
}

/** 32 random bytes, as Standard Webhooks writes them. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
