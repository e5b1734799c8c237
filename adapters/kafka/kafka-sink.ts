import type { AdapterContext, DeliverySink } from '../adapter.ts';
import { attributes, STRUCTURED_TYPE, structuredEvent } from '../cloud-event.ts';
import { mappedSink, type SendDocument } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { RecordPublisher } from './record-publisher.ts';
import { readRecordToSend } from './record-to-send.ts';

/** Files that a record holds itself: in base64 it stays below 1 MiB, which brokers take at most unless told otherwise. */
const WITHIN_KIB = 720;

/**
 * Writes every event as CloudEvents JSON in structured mode (Kafka binding of CloudEvents 1.0, 3.3). Its attributes stand in
 * headers as well, under the names of the binary mode (3.2.3), so that a reader can tell events apart.
 */
export function eventSink(publisher: RecordPublisher, topic: string): DeliverySink {
  return {
    deliver: (event, signal) =>
      publisher.publish(
        {
          topic,
          key: Buffer.from(event.subject),
          headers: { ...prefixed(attributes(event)), 'message-id': event.id, 'content-type': STRUCTURED_TYPE },
          value: structuredEvent(event),
        },
        signal,
      ),
  };
}

/** Writes documents in the platform's words as JSON; the mapping may say into which topic and by which key. */
export function documentSink(
  publisher: RecordPublisher,
  defaultTopic: string,
  mapping: Mapping,
  context: AdapterContext,
): DeliverySink {
  const send: SendDocument = async ({ id, event, document }, signal) => {
    const { topic, key, headers, value } = readRecordToSend(document);
    const record = {
      topic: topic ?? defaultTopic,
      key: Buffer.from(key ?? event.subject),
      headers: { ...headers, 'message-id': id, 'content-type': 'application/json' },
      value: Buffer.from(JSON.stringify(value)),
    };
    await publisher.publish(record, signal);
    return undefined;
  };
  return mappedSink(mapping, context, send, { withinKib: WITHIN_KIB });
}

function prefixed(named: Readonly<Record<string, string>>): Record<string, string> {
  const { datacontenttype: _, ...context } = named;
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [`ce_${name}`, value]));
}
