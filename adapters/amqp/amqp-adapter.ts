import { CodedError } from '#proto';
import type { Adapter, AdapterContext, DeliverySink } from '../adapter.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type AmqpConfig, amqpRules, type Destination } from './amqp-config.ts';
import { documentSink, eventSink } from './amqp-sink.ts';
import { AmqpSource } from './amqp-source.ts';
import { Broker } from './broker.ts';
import { OutcomeTeller } from './outcome-teller.ts';
import { Publisher } from './publisher.ts';
import { DeliveryReader } from './read-delivery.ts';

/** Cases of which events are published side by side: a confirmation waits for a disk. */
const OUT_AT_ONCE = 16;

/**
 * A message broker that both sides use (消息队列), by AMQP 0-9-1: messages of a queue in, messages to an exchange out. Queues,
 * exchanges and bindings are the platform's: nothing is declared here.
 */
export const amqpKind = {
  rules: amqpRules,
  mapping: 'optional',

  async create(config: AmqpConfig, context: AdapterContext, mapping?: Mapping): Promise<Adapter> {
    const broker = new Broker(config, () => context.now());
    const problems = await broker.problems();
    if (config.in && !mapping) problems.push({ pointer: '/mapping', code: 'REQUIRED', message: 'is required with in' });
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the message broker cannot be used', problems);

    const publisher = new Publisher(broker);
    const { name, in: intake, out } = config;
    const source =
      intake &&
      new AmqpSource(intake, {
        name,
        broker,
        reader: new DeliveryReader(name, mapping!, intake),
        teller: new OutcomeTeller(publisher, intake, name, context.log),
        log: context.log,
      });
    return {
      kind: 'amqp',
      name,
      ...(out && { sink: sinkOf(publisher, out, context, mapping) }),
      ...(source && { source }),
      async close() {
        await source?.stop();
        await publisher.close();
      },
    };
  },
} as const;

function sinkOf(publisher: Publisher, out: Destination, context: AdapterContext, mapping?: Mapping): DeliverySink {
  const sink = mapping ? documentSink(publisher, out, mapping, context) : eventSink(publisher, out);
  return { ...sink, atOnce: OUT_AT_ONCE };
}
