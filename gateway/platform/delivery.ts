import { type DeliverySink, PlatformError } from '#adapters';
import { CodedError, type ErrorCode } from '#proto';
import type { Clock } from '#trust';
import type { LetterReason } from '../dead-letter/letter.ts';
import { BackOff } from '../outbound/back-off.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { DeliveryQueue, QueuedEvent, QueueSize } from './delivery-queue.ts';
import { Sleeper } from './sleeper.ts';

/** Milliseconds between two looks at how much waits. */
const MEASURE_MS = 60_000;

/** All in ms but the attempts. */
export interface DeliveryTiming {
  /** Wait after the first failure; later waits double up to the ceiling. */
  readonly firstWaitMs: number;
  readonly ceilingMs: number;
  /** An event is given up when it failed this often and for this long. */
  readonly giveUpAttempts: number;
  readonly giveUpAfterMs: number;
  /** How long a delivery under way may go on once everything stops. */
  readonly graceMs: number;
}

export const DELIVERY_TIMING: DeliveryTiming = {
  firstWaitMs: 1_000,
  ceilingMs: 5 * 60_000,
  giveUpAttempts: 5,
  giveUpAfterMs: 24 * 60 * 60_000,
  graceMs: 3_000,
};

export interface DeliveryContext {
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** With the name of the adapter in every line. */
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'delivered'>;
  readonly timing: DeliveryTiming;
}

/**
 * Brings the events of a queue to one platform, one at a time and at least once. After a failure the platform is left
 * alone for a growing while; the event that failed waits for its own turn, and other subjects pass it.
 */
export class Delivery {
  readonly adapter: string;
  readonly #sink: DeliverySink;
  readonly #queue: DeliveryQueue;
  readonly #context: DeliveryContext;
  readonly #aborted = new AbortController();
  readonly #sleeper = new Sleeper();
  readonly #platformWait: BackOff;
  readonly #eventWaits = new Map<number, BackOff>();
  #notBefore = 0;
  #measureAt = 0;
  /** Milliseconds: the latest look at the clock. */
  #looked = 0;
  /** After a held event failed: events that always fail must not take every turn. */
  #newFirst = false;
  #lastCode: ErrorCode | '' = '';
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  constructor(adapter: string, sink: DeliverySink, queue: DeliveryQueue, context: DeliveryContext) {
    this.adapter = adapter;
    this.#sink = sink;
    this.#queue = queue;
    this.#context = context;
    this.#platformWait = this.#newBackOff();
  }

  start(): void {
    this.#running = this.#run();
  }

  /** There are new events. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Lets the delivery under way end, at most for the grace time. What is not delivered stays in the queue. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    const timer = setTimeout(() => this.#aborted.abort(), this.#context.timing.graceMs);
    await this.#running;
    clearTimeout(timer);
  }

  /** A parked event has another chance, now: the platform is left alone no longer. */
  revived(): void {
    this.#notBefore = 0;
    this.wake();
  }

  /** Every event up to here is delivered or held. */
  get cursor(): number {
    return this.#queue.cursor;
  }

  /** Code of the last attempt; empty when it succeeded. */
  get lastCode(): ErrorCode | '' {
    return this.#lastCode;
  }

  size(): Promise<QueueSize> {
    return this.#queue.size();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#step();
      } catch (error) {
        if (this.#stopping) return;
        this.#lastCode = 'INTERNAL';
        this.#context.log.error({ err: error }, 'deliveries to the platform cannot be recorded');
        this.#leaveAlone(this.#platformWait.next());
      }
    }
  }

  async #step(): Promise<void> {
    const now = this.#context.clock.now();
    await this.#goBackBy(this.#looked - now);
    this.#looked = now;
    await this.#keepWithinBounds(now);
    if (now < this.#notBefore) return this.#sleeper.sleep(this.#notBefore - now);
    const turn = await this.#queue.turn(now, this.#newFirst);
    if (turn.next) return this.#attempt(turn.next);
    return this.#sleeper.sleep((turn.dueAt ?? Number.POSITIVE_INFINITY) - now);
  }

  /** A clock that is set back takes all waits with it: else they would last as long as it was ahead. */
  async #goBackBy(ms: number): Promise<void> {
    if (ms <= 0) return;
    this.#notBefore -= ms;
    this.#measureAt -= ms;
    await this.#queue.bringForward(ms);
  }

  async #keepWithinBounds(now: number): Promise<void> {
    if (now < this.#measureAt) return;
    this.#measureAt = now + MEASURE_MS;
    const count = await this.#queue.leaveBehind(now);
    if (count > 0)
      this.#context.log.error({ count }, 'more events wait for the platform than may: the oldest are left out');
  }

  async #attempt(queued: QueuedEvent): Promise<void> {
    if (queued.unopened) return this.#setAside(queued, queued.unopened);
    const failure = await this.#deliver(queued);
    this.#newFirst = failure !== undefined && queued.held;
    if (!failure) return this.#succeeded(queued);
    // Nobody knows whether it arrived: the next start delivers it again.
    if (this.#aborted.signal.aborted && failure.retryable) return;
    const wait = Math.max(this.#platformWait.next(), failure.retryAfterMs ?? 0);
    const reason = !failure.retryable ? 'refused' : this.#isHopeless(queued) ? 'undeliverable' : undefined;
    if (reason && this.#queue.mayPark) await this.#park(queued, failure, reason);
    else await this.#postpone(queued, failure, wait);
    this.#lastCode = failure.code;
    // After a refusal, too: a platform that refuses everything is set up wrongly, and its events should not all be parked.
    this.#leaveAlone(wait);
  }

  /** What does not open can go to no platform: that has no part in it, and is left alone no longer for it. */
  async #setAside(queued: QueuedEvent, code: ErrorCode): Promise<void> {
    this.#newFirst = queued.held;
    const failure = new CodedError(code);
    if (this.#queue.mayPark) await this.#park(queued, failure, 'refused');
    else await this.#postpone(queued, failure, 0);
  }

  async #deliver({ event }: QueuedEvent): Promise<PlatformError | undefined> {
    try {
      await this.#sink.deliver(event, this.#aborted.signal);
      return undefined;
    } catch (error) {
      if (error instanceof PlatformError) return error;
      this.#context.log.error({ err: error }, 'the adapter failed in a way that it should not');
      return new PlatformError(true, 'the adapter failed unexpectedly; see the log', { cause: error });
    }
  }

  async #succeeded(queued: QueuedEvent): Promise<void> {
    await this.#queue.delivered(queued);
    this.#platformWait.reset();
    this.#eventWaits.delete(queued.position);
    this.#lastCode = '';
    this.#context.metrics.delivered(this.adapter, 'delivered');
  }

  /** The event's own wait begins when the platform is no longer left alone: others have a turn before it. */
  async #postpone(queued: QueuedEvent, { code, message }: CodedError, platformWait: number): Promise<void> {
    const now = this.#context.clock.now();
    const backOff = this.#eventWaits.get(queued.position) ?? this.#newBackOff();
    this.#eventWaits.set(queued.position, backOff);
    const wait = platformWait + backOff.next();
    await this.#queue.postpone(queued, { code, message, at: now }, now + wait);
    this.#context.log.warn(
      { ...aboutEvent(queued), code, delay_ms: Math.round(wait) },
      'the platform did not take an event; it will be tried again',
    );
  }

  async #park(queued: QueuedEvent, { code, message }: CodedError, reason: LetterReason): Promise<void> {
    await this.#queue.park(queued, { code, message, at: this.#context.clock.now() }, reason);
    this.#eventWaits.delete(queued.position);
    this.#context.metrics.delivered(this.adapter, 'failed');
    this.#context.log.error(
      { ...aboutEvent(queued), code },
      'an event for the platform was parked; look at the platform, then: tongban dead-letter retry',
    );
  }

  /** The platform had time enough, and the event chances enough; it may be the event that the platform stumbles over. */
  #isHopeless({ attempts, failedSince }: QueuedEvent): boolean {
    const { giveUpAttempts, giveUpAfterMs } = this.#context.timing;
    const now = this.#context.clock.now();
    return attempts + 1 >= giveUpAttempts && now - (failedSince ?? now) >= giveUpAfterMs;
  }

  #leaveAlone(ms: number): void {
    this.#notBefore = this.#context.clock.now() + ms;
  }

  #newBackOff(): BackOff {
    const { firstWaitMs, ceilingMs } = this.#context.timing;
    return new BackOff(firstWaitMs, ceilingMs, this.#context.random);
  }
}

function aboutEvent({ event, attempts }: QueuedEvent) {
  return { conversation: event.subject, sequence: event.sequence, attempt: attempts + 1 };
}
