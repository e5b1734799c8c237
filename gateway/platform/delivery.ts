import { type DeliverySink, PlatformError } from '#adapters';
import { CodedError, type ErrorCode } from '#proto';
import type { Clock } from '#trust';
import type { LetterReason } from '../dead-letter/letter.ts';
import { BackOff } from '../outbound/back-off.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { DeliveryQueue, QueueSize } from './delivery-queue.ts';
import { deliverRound, type Tried } from './delivery-round.ts';
import type { Ending, QueuedEvent } from './queued-event.ts';
import { Sleeper } from './sleeper.ts';

/** Events of a round for each subject that a platform takes at once: what shares one commit, and may come twice after a crash. */
const ROUND_FACTOR = 4;
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
 * Brings the events of a queue to one platform, at least once and those of one subject one after another. After a failure
 * the platform is left alone for a growing while; the event that failed waits for its own turn, and other subjects pass it.
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
  /** New events of the next round: one after trouble, and more the longer all goes well. */
  #most = 1;
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
    const opensAt = Math.max(this.#notBefore, this.#sink.opensAt?.(now) ?? 0);
    if (now < opensAt) return this.#sleeper.sleep(opensAt - now);
    const turn = await this.#queue.turn(now, this.#newFirst, this.#most);
    if (turn.events.length > 0) return this.#round(turn.events);
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

  /** Delivers the events of a turn, and records what became of them; of those after one that was broken off nothing. */
  async #round(events: readonly QueuedEvent[]): Promise<void> {
    const deliver = (queued: QueuedEvent) => this.#deliver(queued);
    const tries = await deliverRound(events, deliver, {
      atOnce: this.#sink.atOnce ?? 1,
      goesOn: () => !this.#stopping,
    });
    // Nobody knows whether what was broken off arrived: the next start delivers it again.
    const known = tries.slice(
      0,
      indexOrEnd(tries, (one) => one === 'untried' || this.#isBrokenOff(one)),
    );
    if (known.length === 0) return;
    const failures = known.filter((one) => one instanceof PlatformError);
    if (known.includes('delivered')) this.#platformWait.reset();
    const wait = failures.length > 0 ? Math.max(this.#platformWait.next(), ...failures.map(waitOf)) : 0;
    const endings = known.map((one, index) => [events[index]!, this.#endingOf(events[index]!, one, wait)] as const);
    await this.#queue.settle(endings);
    for (const [queued, ending] of endings) this.#tell(queued, ending);
    const isHard = endings.some(([, { to }]) => to === 'postponed' || to === 'parked');
    this.#newFirst = isHard && events[0]!.held;
    this.#most = isHard ? 1 : Math.min(this.#most * 2, ROUND_FACTOR * (this.#sink.atOnce ?? 1));
    if (failures.length === 0 && !known.includes('delivered')) return;
    this.#lastCode = failures.at(-1)?.code ?? '';
    // After a refusal, too: a platform that refuses everything is set up wrongly, and its events should not all be parked.
    if (failures.length > 0) this.#leaveAlone(wait);
  }

  #isBrokenOff(tried: Tried): boolean {
    return this.#aborted.signal.aborted && tried instanceof PlatformError && tried.retryable;
  }

  /** @param wait milliseconds for which the platform is left alone */
  #endingOf(queued: QueuedEvent, tried: Tried, wait: number): Ending {
    if (tried === 'delivered') return { to: 'delivered' };
    if (tried === 'unwanted') return { to: 'nobody' };
    if (tried instanceof PlatformError) {
      const reason = !tried.retryable ? 'refused' : this.#isHopeless(queued) ? 'undeliverable' : undefined;
      return reason && this.#queue.mayPark ? this.#parking(tried, reason) : this.#postponing(queued, tried, wait);
    }
    // What does not open can go to no platform: that has no part in it, and is left alone no longer for it.
    if (tried === 'passed' && queued.unopened) {
      const failure = new CodedError(queued.unopened);
      return this.#queue.mayPark ? this.#parking(failure, 'refused') : this.#postponing(queued, failure, 0);
    }
    return { to: 'lined' };
  }

  #parking({ code, message }: CodedError, reason: LetterReason): Ending {
    return { to: 'parked', failure: { code, message, at: this.#context.clock.now() }, reason };
  }

  /** The event's own wait begins when the platform is no longer left alone: others have a turn before it. */
  #postponing({ position }: QueuedEvent, { code, message }: CodedError, platformWait: number): Ending {
    const now = this.#context.clock.now();
    const backOff = this.#eventWaits.get(position) ?? this.#newBackOff();
    this.#eventWaits.set(position, backOff);
    return { to: 'postponed', failure: { code, message, at: now }, dueAt: now + platformWait + backOff.next() };
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

  #tell(queued: QueuedEvent, ending: Ending): void {
    const { metrics, log, clock } = this.#context;
    if (ending.to === 'postponed') {
      const { failure, dueAt } = ending;
      const delay = Math.round(dueAt - clock.now());
      log.warn(
        { ...aboutEvent(queued), code: failure.code, delay_ms: delay },
        'the platform did not take an event; it will be tried again',
      );
      return;
    }
    this.#eventWaits.delete(queued.position);
    if (ending.to === 'lined' || ending.to === 'nobody') return;
    metrics.delivered(this.adapter, ending.to === 'delivered' ? 'delivered' : 'failed');
    if (ending.to === 'parked')
      log.error(
        { ...aboutEvent(queued), code: ending.failure.code },
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

function waitOf({ retryAfterMs }: PlatformError): number {
  return retryAfterMs ?? 0;
}

function indexOrEnd<T>(list: readonly T[], isIt: (one: T) => boolean): number {
  const index = list.findIndex(isIt);
  return index === -1 ? list.length : index;
}

function aboutEvent({ event, attempts }: QueuedEvent) {
  return { conversation: event.subject, sequence: event.sequence, attempt: attempts + 1 };
}
