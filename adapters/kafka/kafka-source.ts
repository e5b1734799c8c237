import { CodedError, ERROR_CODES } from '#proto';
import type { AdapterContext, Submission, SubmissionSource, Submit } from '../adapter.ts';
import { Pause } from '../database/pause.ts';
import { Lanes } from '../lanes.ts';
import { understand } from '../mapping/understand.ts';
import { backOff, outcomeOf, PAUSING } from '../outcomes.ts';
import { type Cluster, codeOf, type FetchedRecord } from './cluster.ts';
import { GroupReading } from './group-reading.ts';
import type { IntakeConfig } from './kafka-config.ts';
import type { Held } from './offset-keeper.ts';
import { replyTo } from './outcome-reply.ts';
import type { ReceivedRecord, TopicReader } from './read-record.ts';
import type { RecordPublisher } from './record-publisher.ts';
import { Tombstones } from './tombstones.ts';

/** Records in hand at once. */
const DEFAULT_IN_HAND = 64;
const DEFAULT_RETRY_MS = 2_000;
const FIRST_BACKOFF_MS = 500;

export interface KafkaSourceParts {
  /** What the operator calls the platform. */
  readonly name: string;
  readonly cluster: Cluster;
  readonly reader: TopicReader;
  readonly publisher: RecordPublisher;
  readonly context: Pick<AdapterContext, 'now' | 'log'>;
}

/**
 * Reads topics as a member of a consumer group: records of one case one after another, different cases side by side. Of
 * each partition the offset is committed up to the lowest record without an end; what lies behind it comes again.
 */
export class KafkaSource implements SubmissionSource {
  readonly #intake: IntakeConfig;
  readonly #parts: KafkaSourceParts;
  readonly #lanes: Lanes;
  readonly #retryMs: number;
  readonly #tombstones: Tombstones;
  readonly #stopping = new AbortController();
  readonly #pause = new Pause(this.#stopping.signal);
  #pausedUntil: Promise<unknown> | undefined;
  #isLost = false;
  #running: Promise<void> = Promise.resolve();

  constructor(intake: IntakeConfig, parts: KafkaSourceParts) {
    const atOnce = intake.in_hand ?? DEFAULT_IN_HAND;
    this.#intake = { ...intake, in_hand: atOnce };
    this.#parts = parts;
    this.#retryMs = intake.retry_ms ?? DEFAULT_RETRY_MS;
    this.#lanes = new Lanes(atOnce);
    this.#tombstones = new Tombstones(parts.name, parts.context);
  }

  /** Brokers that are away are waited for. */
  async start(submit: Submit): Promise<void> {
    this.#running = this.#run(submit);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  again(key: string, document: unknown): Promise<Submission> {
    const { mapping, openFile } = this.#parts.reader;
    return understand(key, document, mapping, openFile);
  }

  async #run(submit: Submit): Promise<void> {
    for (let tries = 0; !this.#stopping.signal.aborted; tries += 1) {
      try {
        await this.#readUntilLost(submit, () => {
          tries = 0;
          this.#isLost = false;
        });
      } catch (error) {
        this.#lost(error);
      }
      await this.#pause.wait(backOff(FIRST_BACKOFF_MS, tries));
    }
    this.#tombstones.tell();
  }

  /** Resolves when the source stops. @throws when there is no membership, or no longer one */
  async #readUntilLost(submit: Submit, whenOpen: () => void): Promise<void> {
    const reading = await GroupReading.join(this.#parts.cluster, this.#intake, this.#stopping.signal);
    try {
      whenOpen();
      for await (const record of reading.records()) await this.#take(reading, record, submit);
      if (!reading.signal.aborted) throw new Error('the stream ended');
      if (reading.reason !== undefined) throw reading.reason;
    } catch (error) {
      reading.lose(error);
      throw error;
    } finally {
      await this.#lanes.idle();
      await reading.leave();
    }
  }

  /** Puts a record into its lane; waits while too many are in hand, or too many beyond one that is stuck. */
  async #take(reading: GroupReading, record: FetchedRecord, submit: Submit): Promise<void> {
    await reading.offsets.room(reading.signal);
    if (reading.signal.aborted) return;
    const held = reading.offsets.hold(record);
    if (!held) return;
    if (record.value == null) {
      this.#tombstones.add();
      held.end();
      void reading.commit();
      return;
    }
    const received = await this.#parts.reader.read(record);
    await this.#lanes.add(received.lane, () => this.#handle(reading, { record, received, held }, submit));
  }

  /** Tries until the record has its end, or will come again: to another membership, or another member. */
  async #handle(reading: GroupReading, { record, received, held }: InHand, submit: Submit): Promise<void> {
    const pause = new Pause(reading.signal);
    for (let tries = 0; ; tries += 1) {
      await this.#pausedUntil;
      if (reading.signal.aborted || !held.isOurs()) return;
      const code = await this.#attempt(record, received, submit);
      if (code === undefined) {
        held.end();
        void reading.commit();
        return;
      }
      if (reading.signal.aborted) return;
      if (PAUSING.has(code)) this.#pauseAll();
      this.#parts.context.log.warn(
        { adapter: this.#parts.name, code },
        'a record has no end yet and will be tried again',
      );
      await pause.wait(backOff(this.#retryMs, tries));
    }
  }

  /** @returns why it has to be tried again; undefined when the record has its end and the platform was told */
  async #attempt(record: FetchedRecord, received: ReceivedRecord, submit: Submit): Promise<string | undefined> {
    const { signal } = this.#stopping;
    try {
      const outcome = await outcomeOf(received.submission, submit, signal);
      if (!outcome.ok && ERROR_CODES[outcome.code].retryable) return outcome.code;
      const { reply } = this.#intake;
      if (reply) await this.#parts.publisher.publish(replyTo(record, received, outcome, reply.topic), signal);
      return undefined;
    } catch (error) {
      return error instanceof CodedError ? error.code : 'INTERNAL';
    }
  }

  #pauseAll(): void {
    this.#pausedUntil ??= this.#pause.wait(this.#retryMs).then(() => {
      this.#pausedUntil = undefined;
    });
  }

  /** Says it once until it works again. */
  #lost(error: unknown): void {
    if (this.#isLost || this.#stopping.signal.aborted) return;
    this.#isLost = true;
    const fields = { adapter: this.#parts.name, code: codeOf(error) };
    this.#parts.context.log.warn(fields, 'the topics of the platform cannot be read; it is tried again');
  }
}

interface InHand {
  readonly record: FetchedRecord;
  readonly received: ReceivedRecord;
  readonly held: Held;
}
