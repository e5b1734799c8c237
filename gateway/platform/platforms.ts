import {
  type Adapter,
  type CaseDesk,
  type CreditFinding,
  type CreditQuery,
  createAdapter,
  type DataFinding,
  type DataQuery,
  type DeliverySink,
  type Locker,
  type ParcelTracker,
  PlatformError,
  type PushedRecord,
  type SubmissionHook,
} from '#adapters';
import { CodedError, type ErrorCode, type Problem, regionUrn } from '#proto';
import type { Clock } from '#trust';
import type { PlatformConfig } from '../config/config.ts';
import type { LetterKeeper, PatientKeeper } from '../dead-letter/dead-letters.ts';
import type { LetterBook } from '../dead-letter/letter-book.ts';
import { Questions } from '../service-calls/questions.ts';
import type { Store } from '../store/store.ts';
import { adapterLog } from '../telemetry/adapter-log.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { DELIVERY_TIMING, Delivery, type DeliveryTiming } from './delivery.ts';
import { DeliveryQueue, type QueueBounds } from './delivery-queue.ts';
import type { Intake } from './intake/intake.ts';
import { parkedEvents } from './parked.ts';
import type { PlatformEvents } from './platform-events.ts';
import { platformState } from './platform-state.ts';
import { purgeEvents } from './purge.ts';

/** Events are kept this long, and longer until every platform has them, in ms: one that lost some reads them again. */
const KEEP_MS = 7 * 24 * 60 * 60_000;
const PURGE_EVERY_MS = 60 * 60_000;

export interface PlatformsContext {
  readonly region: string;
  readonly store: Store;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'delivered' | 'asked' | 'watchBreakers'>;
  readonly events: PlatformEvents;
  /** Where events go that a platform never takes. */
  readonly letters: LetterBook;
  /** What each platform may ask about cases. */
  readonly desk: (platform: string) => CaseDesk;
  /** Takes what platforms hand in. */
  readonly intake: Pick<Intake, 'submitFor' | 'redo' | 'drop' | 'detail' | 'purge' | 'stop'>;
  /** What events mean to a platform that is a service, such as that for text messages. */
  readonly serviceSink?: (adapter: Adapter) => DeliverySink | undefined;
  /** Name of the platform that is the certificate library (证照库, A3); undefined when the region named none. */
  readonly library?: string | undefined;
  readonly timing?: Partial<DeliveryTiming>;
  /** How much may wait for one platform. */
  readonly bounds?: QueueBounds;
  /** Position up to which everybody else is done who needs events. */
  readonly doneElsewhere?: () => number;
}

export interface PlatformHealth {
  readonly name: string;
  readonly kind: string;
  /** Events that wait for this platform, counted up to 10,000. */
  readonly behind: number;
  /** Events that were given up and need an operator. */
  readonly parked: number;
  /** Code of the last attempt; empty when it succeeded or there was none. */
  readonly lastCode: ErrorCode | '';
}

/** The links to all platforms of the own region. */
export class Platforms {
  readonly #context: PlatformsContext;
  readonly #timing: DeliveryTiming;
  readonly #questions: Questions;
  #adapters: Adapter[] = [];
  readonly #deliveries = new Map<string, Delivery>();
  #purgeTimer: NodeJS.Timeout | undefined;
  #purging: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(context: PlatformsContext) {
    this.#context = context;
    this.#timing = { ...DELIVERY_TIMING, ...context.timing };
    this.#questions = new Questions(context);
  }

  /**
   * Makes the adapters, then delivers what waits, then takes submissions. Comes before everything that emits events, or
   * those would be lost.
   *
   * @throws CodedError CONFIG_INVALID with every problem by its pointer in the config file; nothing runs then
   */
  async start(platforms: readonly PlatformConfig[]): Promise<void> {
    try {
      await this.#createAdapters(platforms);
      await this.#openDeliveries();
      for (const delivery of this.#deliveries.values()) delivery.start();
      for (const { name, source } of this.#adapters) await source?.start(this.#context.intake.submitFor(name));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#purge();
    this.#purgeTimer = setInterval(() => this.#purge(), PURGE_EVERY_MS);
    this.#purgeTimer.unref();
  }

  /** Takes no more submissions, lets deliveries under way end, and frees everything. What waits stays in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#purgeTimer);
    await Promise.all(this.#adapters.map(({ source }) => source?.stop()));
    await this.#context.intake.stop();
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.stop()));
    await Promise.all(this.#adapters.map((adapter) => adapter.close()));
    await this.#purging;
  }

  /** How every platform that gets events is doing, in the order of the config file. */
  health(): Promise<PlatformHealth[]> {
    const withDelivery = this.#adapters.filter(({ name }) => this.#deliveries.has(name));
    return Promise.all(
      withDelivery.map(async ({ name, kind }) => {
        const delivery = this.#deliveries.get(name)!;
        return { name, kind, ...(await delivery.size()), lastCode: delivery.lastCode };
      }),
    );
  }

  /** What can be done about events that a platform never took. */
  readonly letterKeeper: LetterKeeper = {
    retry: async (tx, letter) => {
      const delivery = this.#deliveries.get(letter.name);
      if (!delivery)
        throw new CodedError('CONFLICT', 'the configuration has no platform of this name that gets events; drop it');
      await parkedEvents.unpark(tx, letter);
      tx.afterCommit(() => delivery.revived());
      return '';
    },
    drop: (tx, letter) => parkedEvents.remove(tx, letter),
    detail: (sql, letter) => parkedEvents.detail(sql, letter),
  };

  /** What can be done about submissions that were refused. */
  readonly submissionKeeper: PatientKeeper = {
    redo: (letter, act) => {
      const source = this.#adapters.find(({ name }) => name === letter.name)?.source;
      return this.#context.intake.redo(letter, act, source);
    },
    drop: (tx, letter) => this.#context.intake.drop(tx, letter),
    detail: (sql, letter) => this.#context.intake.detail(sql, letter),
  };

  /**
   * Takes a request that claims to be a push of a platform.
   *
   * @returns undefined when it does not prove that, and when there is no platform of this name that may push
   */
  async pushed(name: string, request: Parameters<SubmissionHook['open']>[0]): Promise<PushedRecord | undefined> {
    return this.#adapters.find((adapter) => adapter.name === name)?.hook?.open(request);
  }

  /**
   * Asks the platform that answers questions of this kind about data; undefined when none does.
   *
   * @throws PlatformError
   */
  answer(query: DataQuery, signal: AbortSignal): Promise<DataFinding> | undefined {
    const adapter = this.#adapters.find(({ data }) => data?.kinds.includes(query.kind));
    if (!adapter) return undefined;
    return this.#questions
      .ask(adapter.name, signal, () => adapter.data!.answer(query, signal))
      .catch((error: unknown) => {
        const text =
          'a platform did not answer a question of another region about data; the region is told to ask later';
        this.#context.log.warn({ adapter: adapter.name, peer: query.region, envelope: query.id, err: error }, text);
        throw error;
      });
  }

  /**
   * Asks our credit platform (A13); undefined when we have none. One that does not answer knows nothing.
   *
   * @returns what it said, and the name of the platform
   */
  credit(query: CreditQuery, signal: AbortSignal): Promise<CreditFinding & { readonly source: string }> | undefined {
    const adapter = this.#adapters.find(({ credit }) => credit);
    if (!adapter) return undefined;
    const { name: source, credit } = adapter;
    return this.#questions
      .ask(source, signal, () => credit!.check(query, signal))
      .then(
        ({ result, code }) => ({ result, code, source }),
        (error: unknown) => {
          if (!(error instanceof PlatformError)) throw error;
          this.#context.log.warn(
            { adapter: source, err: error },
            'the credit platform did not answer: nothing is known',
          );
          return { result: 'unknown', code: error.code, source };
        },
      );
  }

  /** Where the post is asked, one question at a time; undefined when we have no post. */
  get parcels(): ParcelTracker['track'] | undefined {
    const adapter = this.#adapters.find(({ parcels }) => parcels);
    const { name, parcels } = adapter ?? {};
    if (!name || !parcels) return undefined;
    return (question, signal) => this.#questions.ask(name, signal, () => parcels.track(question, signal));
  }

  /** Where lockers are asked; undefined when we have none. */
  get lockers(): Locker['state'] | undefined {
    const adapter = this.#adapters.find(({ locker }) => locker);
    const { name, locker } = adapter ?? {};
    if (!name || !locker) return undefined;
    return (conversation, signal) => this.#questions.ask(name, signal, () => locker.state(conversation, signal));
  }

  /** Whether the service of this sort is likely to answer. */
  isAnswering(service: 'parcels' | 'locker'): boolean {
    const adapter = this.#adapters.find((one) => one[service]);
    return adapter !== undefined && this.#questions.isAnswering(adapter.name);
  }

  async #createAdapters(platforms: readonly PlatformConfig[]): Promise<void> {
    const problems: Problem[] = [];
    for (const [index, platform] of platforms.entries()) {
      try {
        this.#adapters.push(await this.#createAdapter(platform));
        problems.push(...kindProblems(this.#adapters, `/platforms/${index}`));
        problems.push(...serviceProblems(this.#adapters, `/platforms/${index}`));
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'CONFIG_INVALID') throw error;
        problems.push(...error.problems.map((one) => ({ ...one, pointer: `/platforms/${index}${one.pointer}` })));
      }
    }
    const { library } = this.#context;
    if (
      library !== undefined &&
      problems.length === 0 &&
      !this.#adapters.some(({ name, sink }) => sink && name === library)
    ) {
      const message = 'must be the name of a platform that gets events';
      problems.push({ pointer: '/certificates/library', code: 'NOT_IN_LIST', message });
    }
    if (problems.length > 0)
      throw new CodedError('CONFIG_INVALID', 'the settings of the platforms are wrong', problems);
  }

  #createAdapter({ kind, name, settings }: PlatformConfig): Promise<Adapter> {
    const { store, clock, log, region, desk } = this.#context;
    const lent = {
      now: () => clock.now(),
      log: adapterLog(log, name),
      region,
      cases: desk(name),
      state: platformState(store, clock, name),
    };
    return createAdapter(kind, { name, ...settings }, lent);
  }

  async #openDeliveries(): Promise<void> {
    const { store, region, events, letters, bounds, log, library } = this.#context;
    for (const adapter of this.#adapters) {
      const { name, sink = this.#context.serviceSink?.(adapter) } = adapter;
      if (!sink) continue;
      const queue = new DeliveryQueue(store, name, regionUrn(region), name === library, letters, bounds);
      await queue.open();
      const context = { ...this.#context, log: log.with({ adapter: name }), timing: this.#timing };
      const delivery = new Delivery(name, sink, queue, context);
      this.#deliveries.set(name, delivery);
      events.listen(() => delivery.wake());
    }
  }

  #purge(): void {
    const { store, clock, log, intake, doneElsewhere = () => Number.MAX_SAFE_INTEGER } = this.#context;
    const upTo = Math.min(doneElsewhere(), ...[...this.#deliveries.values()].map(({ cursor }) => cursor));
    const goesOn = () => !this.#stopped;
    const events = purgeEvents(store, upTo, clock.now() - KEEP_MS, goesOn).then(
      (count) => void (count > 0 && log.info({ count }, 'old events for the platforms were removed')),
      (error) => log.error({ err: error }, 'old events for the platforms cannot be removed'),
    );
    const wishes = intake
      .purge(goesOn)
      .catch((error) => log.error({ err: error }, 'what platforms wished long ago cannot be removed'));
    this.#purging = Promise.all([events, wishes]).then(() => {});
  }
}

/** Services of which a region has one platform: whose word counts must be certain, and nobody wants everything twice. */
const SINGLE_SERVICES = ['credit', 'sms', 'parcels', 'locker', 'rating'] as const;

function serviceProblems(adapters: readonly Adapter[], pointer: string): Problem[] {
  const taken = SINGLE_SERVICES.filter(
    (service) => adapters.at(-1)?.[service] && adapters.slice(0, -1).some((one) => one[service]),
  );
  return taken.map((service) => {
    return { pointer: `${pointer}/kind`, code: 'DUPLICATE', message: `another platform is the ${service} platform` };
  });
}

/** A question has one platform that answers it. */
function kindProblems(adapters: readonly Adapter[], pointer: string): Problem[] {
  const kinds = adapters.at(-1)?.data?.kinds ?? [];
  return kinds.flatMap((kind, index) =>
    adapters.slice(0, -1).some(({ data }) => data?.kinds.includes(kind))
      ? [{ pointer: `${pointer}/kinds/${index}`, code: 'DUPLICATE', message: 'another platform answers this kind' }]
      : [],
  );
}
