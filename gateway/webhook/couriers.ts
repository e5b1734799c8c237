import { type ErrorCode, regionUrn } from '#proto';
import type { Clock } from '#trust';
import type { WebhooksConfig } from '../config/webhooks-config.ts';
import { DELIVERY_TIMING, Delivery, type DeliveryTiming } from '../platform/delivery.ts';
import { DeliveryQueue, type QueueSize } from '../platform/delivery-queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Courier } from './courier.ts';
import { leaveGone, type MissedEventsContext } from './missed-events.ts';
import { queueName, type Subscription } from './subscription.ts';
import { subscriptionTable } from './subscription-table.ts';
import { isAllowed } from './target.ts';

export interface CouriersOptions extends MissedEventsContext {
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'delivered'>;
  readonly region: string;
  readonly config: WebhooksConfig;
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

interface Running {
  readonly courier: Courier;
  readonly delivery: Delivery;
}

/** The subscriptions that deliver now (投递): each has a courier and a queue of its own. */
export class Couriers {
  readonly #options: CouriersOptions;
  readonly #running = new Map<string, Running>();
  /** Where those go on that stand still for a change. */
  readonly #resting = new Map<string, number>();
  #isStopping = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: CouriersOptions) {
    this.#options = options;
    options.feed.listen(() => {
      for (const { delivery } of this.#running.values()) delivery.wake();
    });
  }

  /** Has a subscription deliver, unless it is not to; one that runs must be halted before. */
  async run(one: Subscription): Promise<void> {
    const { store, clock, config, region, letters, log, random, metrics, timing } = this.#options;
    if (this.#isStopping || one.state !== 'active' || !one.secrets || !isAllowed(one.url, config.targets)) return;
    const name = queueName(one.id);
    await leaveGone(one.id, this.#options);
    const wants = (type: string) => one.types.length === 0 || one.types.includes(type);
    const queue = new DeliveryQueue(store, name, regionUrn(region), false, letters, undefined, wants);
    await queue.open();
    const courier = new Courier(one, one.secrets, { store, clock, networks: config.networks });
    const context = { clock, random, log: log.with({ adapter: name }), metrics };
    const delivery = new Delivery(name, courier.sink, queue, { ...context, timing: { ...DELIVERY_TIMING, ...timing } });
    this.#running.set(one.id, { courier, delivery });
    delivery.start();
  }

  /** Lets what it has under way end, and begins nothing more. */
  async halt(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    await running.delivery.stop();
    running.courier.close();
    this.#running.delete(id);
  }

  /** Halts all, for good: from now on none is begun. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.inTurn(async () => {
      await Promise.all([...this.#running.keys()].map((id) => this.halt(id)));
    });
  }

  /** One change at a time: each may halt and run a courier. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** What one that stands still will deliver must not be removed meanwhile. @param place events behind it are needed */
  async atRest<T>(id: string, place: number, change: () => Promise<T>): Promise<T> {
    this.#resting.set(id, place);
    try {
      return await change();
    } finally {
      this.#resting.delete(id);
    }
  }

  /** Every event up to here is done with, for all that are at work or will be at once. */
  get doneUpTo(): number {
    const cursors = [...this.#running.values()].map(({ delivery }) => delivery.cursor);
    return Math.min(Number.MAX_SAFE_INTEGER, ...cursors, ...this.#resting.values());
  }

  /** The delivery that has a queue; undefined when it is not at work. */
  deliveryOf(queue: string): Delivery | undefined {
    return [...this.#running].find(([id]) => queueName(id) === queue)?.[1].delivery;
  }

  async healthOf({ id, url }: Subscription): Promise<SubscriptionHealth> {
    const { store, config } = this.#options;
    const delivery = this.#running.get(id)?.delivery;
    const size = (await delivery?.size()) ?? { behind: 0, parked: 0 };
    const position = await subscriptionTable.placeOf(store.read, id);
    return { ...size, position, isAllowed: isAllowed(url, config.targets), lastCode: delivery?.lastCode ?? '' };
  }
}
