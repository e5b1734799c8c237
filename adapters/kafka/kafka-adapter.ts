import { CodedError } from '#proto';
import type { Adapter, AdapterContext, DeliverySink } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { Cluster } from './cluster.ts';
import { type KafkaConfig, kafkaRules } from './kafka-config.ts';
import { documentSink, eventSink } from './kafka-sink.ts';
import { KafkaSource } from './kafka-source.ts';
import { TopicReader } from './read-record.ts';
import { RecordPublisher } from './record-publisher.ts';

/** Cases of which events are prepared side by side; their records are written one after the other. */
const OUT_AT_ONCE = 16;

/**
 * Topics of Apache Kafka that both sides use (消息主题): records of topics in, records to a topic out. Topics and groups, and
 * the rights to them, are the platform's: nothing is created here.
 */
export const kafkaKind = {
  rules: kafkaRules,
  mapping: 'optional',

  async create(config: KafkaConfig, context: AdapterContext, mapping?: Mapping): Promise<Adapter> {
    const cluster = new Cluster(config, () => context.now());
    const problems = await cluster.problems();
    if (config.in && !mapping) problems.push({ pointer: '/mapping', code: 'REQUIRED', message: 'is required with in' });
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the brokers cannot be used', problems);

    const publisher = new RecordPublisher(cluster);
    const { name, in: intake, out } = config;
    const source =
      intake &&
      new KafkaSource(intake, { name, cluster, reader: new TopicReader(name, mapping!, intake), publisher, context });
    return {
      kind: 'kafka',
      name,
      ...(out && { sink: sinkOf(publisher, out.topic, context, mapping) }),
      ...(source && { source }),
      async close() {
        await source?.stop();
        await publisher.close();
      },
    };
  },
} as const;

function sinkOf(publisher: RecordPublisher, topic: string, context: AdapterContext, mapping?: Mapping): DeliverySink {
  const sink = mapping ? documentSink(publisher, topic, mapping, context) : eventSink(publisher, topic);
  return { ...sink, atOnce: OUT_AT_ONCE };
}
