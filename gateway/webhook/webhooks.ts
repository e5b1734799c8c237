import { CodedError } from '#proto';
import type { LetterKeeper } from '../dead-letter/dead-letters.ts';
import type { Transaction } from '../store/store.ts';
import { type Attempt, attemptLog } from './attempt-log.ts';
import { Couriers, type CouriersOptions, type SubscriptionHealth } from './couriers.ts';
import { demandRoom, newSubscription } from './new-subscription.ts';
import { demandSecrets, renewed } from './secrets.ts';
import { queueName, type Subscription, type SubscriptionChange, type SubscriptionWish } from './subscription.ts';
import { subscriptionTable } from './subscription-table.ts';
import { demandAllowed, isAllowed } from './target.ts';
import { sendTestEvent } from './test-event.ts';
import { webhookLetters } from './webhook-letters.ts';

export interface WebhooksOptions extends CouriersOptions {
  /** UUIDv7 source. */
  readonly newId: () => string;
}

export interface ShownSubscription extends Subscription {
  readonly health: SubscriptionHealth;
}

/**
 * Webhooks that platforms ask for by the API (事件订阅): each has a queue of its own, with the order, the waits and the dead
 * letters of the platforms of the configuration.
 */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #couriers: Couriers;
  /** What can be done about events that a webhook never took. */
  readonly letterKeeper: LetterKeeper;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#couriers = new Couriers(options);
    this.letterKeeper = webhookLetters(this.#couriers);
  }

  /** Goes on delivering. Comes before anything that removes old events. */
  async start(): Promise<void> {
    const { store, config, log } = this.#options;
    for (const one of await subscriptionTable.all(store.read)) {
      const about = { adapter: queueName(one.id) };
      if (isAllowed(one.url, config.targets)) await this.#couriers.run(one);
      else log.warn(about, 'webhooks.targets no longer lists this webhook');
      if (!one.secrets) log.error(about, 'the secret of a webhook does not open: it needs another');
    }
  }

  /** Lets deliveries under way end, and begins no other. What waits stays in the store. */
  stop(): Promise<void> {
    return this.#couriers.stop();
  }

  /** Every event up to here is done with, for all that are at work or will be at once. */
  get doneUpTo(): number {
    return this.#couriers.doneUpTo;
  }

  /**
   * Subscribes to events from now on.
   *
   * @param also what is to be kept in the same unit of work
   * @throws CodedError VALIDATION_FAILED where the target is not listed, CONFLICT where there are too many
   */
  create(
    owner: string,
    wish: SubscriptionWish,
    also: (tx: Transaction, made: ShownSubscription) => Promise<void> | void = () => {},
  ): Promise<ShownSubscription> {
    const { store, clock, newId, config, feed } = this.#options;
    demandAllowed(wish.url, config.targets);
    return this.#couriers.inTurn(async () => {
      demandRoom(await subscriptionTable.all(store.read), owner);
      const made = newSubscription(newId(), owner, wish, clock.now());
      const position = await feed.newest();
      const shown = { ...made, health: { behind: 0, parked: 0, isAllowed: true, position, lastCode: '' } as const };
      await store.write(async (tx) => {
        await subscriptionTable.insert(tx, made);
        await subscriptionTable.setPlace(tx, made.id, position);
        await also(tx, shown);
      });
      await this.#couriers.run(made);
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
      demandSecrets(before.secrets);
      if (change.url !== undefined) demandAllowed(change.url, config.targets);
      if (before.state === 'paused' && change.state === 'active')
        await feed.demandKept(await subscriptionTable.placeOf(store.read, id));
      return { ...before, ...change };
    });
  }

  /** Has a new secret sign; the one before signs too for a while. @param overlapMs milliseconds */
  rotate(id: string, owner: string | undefined, overlapMs: number): Promise<ShownSubscription> {
    return this.#replace(id, owner, async (before) => {
      const until = overlapMs > 0 ? this.#options.clock.now() + overlapMs : undefined;
      return { ...before, secrets: renewed(before.secrets, until) };
    });
  }

  /**
   * Delivers everything behind a position, again where it was delivered before.
   *
   * @throws CodedError NOT_FOUND, EVENTS_GONE
   */
  replay(id: string, owner: string | undefined, after: number): Promise<ShownSubscription> {
    const { store, feed } = this.#options;
    return this.#couriers.inTurn(async () => {
      const one = await this.#demand(id, owner);
      const place = await subscriptionTable.placeOf(store.read, id);
      return this.#couriers.atRest(id, Math.min(after, place), async () => {
        await feed.demandKept(after);
        await this.#couriers.halt(id);
        try {
          await store.write((tx) => subscriptionTable.setPlace(tx, id, after));
        } finally {
          await this.#couriers.run(one);
        }
        return this.#shown(one);
      });
    });
  }

  /** Sends a test event at once, outside the queue. @throws CodedError NOT_FOUND, VALIDATION_FAILED, CONFLICT */
  async ping(id: string, owner: string | undefined): Promise<Omit<Attempt, 'n'>> {
    return sendTestEvent(await this.#demand(id, owner), this.#options);
  }

  /** What was tried, newest first, below a number. @throws CodedError NOT_FOUND */
  async attempts(id: string, owner: string | undefined, limit: number, below?: number): Promise<Attempt[]> {
    await this.#demand(id, owner);
    return attemptLog.list(this.#options.store.read, id, limit, below);
  }

  /** Ends it for good. @throws CodedError NOT_FOUND */
  remove(id: string, owner: string | undefined): Promise<void> {
    return this.#couriers.inTurn(async () => {
      await this.#demand(id, owner);
      await this.#couriers.halt(id);
      await this.#options.store.write((tx) => subscriptionTable.remove(tx, id));
    });
  }

  #replace(
    id: string,
    owner: string | undefined,
    change: (before: Subscription) => Promise<Subscription>,
  ): Promise<ShownSubscription> {
    const { clock, store } = this.#options;
    return this.#couriers.inTurn(async () => {
      const before = await this.#demand(id, owner);
      return this.#couriers.atRest(id, await subscriptionTable.placeOf(store.read, id), async () => {
        const after = { ...(await change(before)), version: before.version + 1, updatedAt: clock.now() };
        await store.write((tx) => subscriptionTable.update(tx, after));
        await this.#couriers.halt(id);
        await this.#couriers.run(after);
        return this.#shown(after);
      });
    });
  }

  async #demand(id: string, owner: string | undefined): Promise<Subscription> {
    const one = await subscriptionTable.find(this.#options.store.read, id);
    if (!one || (owner !== undefined && one.owner !== owner)) throw new CodedError('NOT_FOUND', 'no such webhook');
    return one;
  }

  async #shown(one: Subscription): Promise<ShownSubscription> {
    return { ...one, health: await this.#couriers.healthOf(one) };
  }
}
