import type { AdapterContext, Submission, SubmissionSource, Submit, TakenOutcome } from '../adapter.ts';
import { RecordTaking } from '../records/record-taking.ts';
import { SteadyReading } from '../records/steady-reading.ts';
import { type Cluster, codeOf, type FetchedRecord } from './cluster.ts';
import { GroupReading } from './group-reading.ts';
import type { IntakeConfig } from './kafka-config.ts';
import { lateReply, replyTo } from './outcome-reply.ts';
import type { TopicReader } from './read-record.ts';
import type { RecordPublisher } from './record-publisher.ts';
import { Tombstones } from './tombstones.ts';

/** Records in hand at once. */
const DEFAULT_IN_HAND = 64;

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
  readonly #reading: SteadyReading;
  readonly #taking: RecordTaking;
  readonly #tombstones: Tombstones;

  constructor(intake: IntakeConfig, parts: KafkaSourceParts) {
    const { name: platform, context } = parts;
    const { log } = context;
    const atOnce = intake.in_hand ?? DEFAULT_IN_HAND;
    this.#intake = { ...intake, in_hand: atOnce };
    this.#parts = parts;
    const lostText = 'the topics of the platform cannot be read; it is tried again';
    this.#reading = new SteadyReading({ platform, log, lostText, codeOf });
    const { stopping } = this.#reading;
    this.#taking = new RecordTaking({ platform, log, atOnce, retryMs: intake.retry_ms, stopping });
    this.#tombstones = new Tombstones(platform, context);
  }

  /** Brokers that are away are waited for. */
  async start(submit: Submit): Promise<void> {
    this.#reading.start((whenOpen) => this.#readUntilLost(submit, whenOpen));
  }

  async stop(): Promise<void> {
    await this.#reading.stop();
    this.#tombstones.tell();
  }

  again(key: string, document: unknown): Promise<Submission> {
    return this.#parts.reader.again(key, document);
  }

  async told(key: string, _document: unknown, outcome: TakenOutcome): Promise<void> {
    const { reply } = this.#intake;
    if (reply) await this.#parts.publisher.publish(lateReply(key, outcome, reply.topic), this.#reading.stopping);
  }

  /** Resolves when the source stops. @throws when there is no membership, or no longer one */
  async #readUntilLost(submit: Submit, whenOpen: () => void): Promise<void> {
    const group = await GroupReading.join(this.#parts.cluster, this.#intake, this.#reading.stopping);
    try {
      whenOpen();
      for await (const record of group.records()) await this.#take(group, record, submit);
      if (!group.signal.aborted) throw new Error('the stream ended');
      if (group.reason !== undefined) throw group.reason;
    } catch (error) {
      group.lose(error);
      throw error;
    } finally {
      await this.#taking.idle();
      await group.leave();
    }
  }

  /** Puts a record into its lane; waits while too many are in hand, or too many beyond one that is stuck. */
  async #take(group: GroupReading, record: FetchedRecord, submit: Submit): Promise<void> {
    const { signal, offsets } = group;
    await offsets.room(signal);
    if (signal.aborted) return;
    const held = offsets.hold(record);
    if (!held) return;
    const end = () => {
      held.end();
      void group.commit();
    };
    if (record.value == null) {
      this.#tombstones.add();
      end();
      return;
    }
    const received = await this.#parts.reader.read(record);
    const { reply } = this.#intake;
    await this.#taking.take(
      {
        submission: received.submission,
        lane: received.lane,
        signal,
        isOurs: held.isOurs,
        tell: async (outcome, stopping) => {
          if (reply) await this.#parts.publisher.publish(replyTo(record, received, outcome, reply.topic), stopping);
        },
        end,
      },
      submit,
    );
  }
}
