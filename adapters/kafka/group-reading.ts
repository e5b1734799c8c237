import type { MessagesStream } from '@platformatic/kafka';
import type { Cluster, FetchedRecord } from './cluster.ts';
import type { IntakeConfig } from './kafka-config.ts';
import { OffsetKeeper, type Place } from './offset-keeper.ts';
import { goodbye } from './record-publisher.ts';

/** Bytes that are fetched at once, of a partition and of all; a larger batch comes alone. */
const FETCH_BYTES = 4 * 1024 * 1024;
/** How long the brokers wait for records before they answer that there are none. */
const FETCH_WAIT_MS = 500;
/** The epoch of a leader is not told with an offset. */
const NO_EPOCH = -1;

type Consumer = Awaited<ReturnType<Cluster['consumer']>>;
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

/** One membership in a group, from joining to leaving: what it brought is committed by it, or comes again to the next. */
export class GroupReading {
  readonly offsets = new OffsetKeeper();
  /** Aborted when the membership is lost or the source stops: nothing more is begun. */
  readonly signal: AbortSignal;
  readonly #consumer: Consumer;
  readonly #lost = new AbortController();
  #stream: Stream | undefined;
  #committing = Promise.resolve();
  #isCommitting = false;

  private constructor(consumer: Consumer, stopping: AbortSignal) {
    this.#consumer = consumer;
    this.signal = AbortSignal.any([stopping, this.#lost.signal]);
    consumer.on('error', (error) => this.lose(error));
    consumer.on('consumer:group:join', ({ assignments }) => this.offsets.keep(assignments ?? []));
    consumer.on('consumer:heartbeat:stalled', ({ lastError }) => this.lose(lastError ?? new Error('no heartbeat')));
  }

  /** Joins the group. @throws when the brokers are away, or refuse it; nothing is left open then */
  static async join(cluster: Cluster, intake: IntakeConfig, stopping: AbortSignal): Promise<GroupReading> {
    const reading = new GroupReading(await cluster.consumer(intake.group), stopping);
    try {
      reading.#stream = await reading.#consume(intake);
      return reading;
    } catch (error) {
      await reading.leave();
      throw error;
    }
  }

  async *records(): AsyncGenerator<FetchedRecord> {
    const stream = this.#stream!;
    const end = () => stream.destroy();
    this.signal.addEventListener('abort', end, { once: true });
    try {
      if (this.signal.aborted) return;
      yield* stream;
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      this.signal.removeEventListener('abort', end);
    }
  }

  /** What it cannot go on with; the first reason counts. */
  lose(error: unknown): void {
    this.#lost.abort(error);
  }

  /** Why it was lost; undefined when it was not. */
  get reason(): unknown {
    return this.#lost.signal.aborted ? this.#lost.signal.reason : undefined;
  }

  /** Commits what may be committed; what becomes so meanwhile too. */
  commit(): Promise<void> {
    if (!this.#isCommitting) {
      this.#isCommitting = true;
      this.#committing = this.#commitAll();
    }
    return this.#committing;
  }

  /** Commits what may be committed, as far as a broker answers. */
  async leave(): Promise<void> {
    this.#stream?.destroy();
    await goodbye(this.commit());
    await goodbye(this.#consumer.close(true));
  }

  async #consume({ topics, in_hand }: IntakeConfig): Promise<Stream> {
    const joining = this.#consumer.consume({
      topics: [...topics],
      mode: 'committed',
      // A group that never read begins with what is there.
      fallbackMode: 'earliest',
      autocommit: false,
      maxBytes: FETCH_BYTES,
      maxWaitTime: FETCH_WAIT_MS,
      highWaterMark: in_hand ?? 1,
    });
    return new Promise((resolve, reject) => {
      const stop = () => reject(new Error('it was stopped'));
      this.signal.addEventListener('abort', stop, { once: true });
      if (this.signal.aborted) stop();
      joining
        .then((stream) => {
          // Without a listener a late failure would end the process.
          stream.on('error', () => {});
          if (this.signal.aborted) stream.destroy();
          resolve(stream);
        }, reject)
        .finally(() => this.signal.removeEventListener('abort', stop));
    });
  }

  async #commitAll(): Promise<void> {
    for (;;) {
      const due: Place[] = this.offsets.due();
      if (due.length === 0 || this.reason !== undefined) {
        this.#isCommitting = false;
        return;
      }
      try {
        await this.#consumer.commit({ offsets: due.map((place) => ({ ...place, leaderEpoch: NO_EPOCH })) });
        this.offsets.committed(due);
      } catch (error) {
        this.lose(error);
      }
    }
  }
}
