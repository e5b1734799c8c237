import { createHash } from 'node:crypto';
import { type AdapterContext, type DeliverySink, PlatformError, type PlatformEvent } from '../adapter.ts';
import { STRUCTURED_TYPE, sequenceText, structuredEvent } from '../cloud-event.ts';
import { mappedSink, type SendDocument } from '../mapping/mapped-sink.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type Destination, SHORT_BYTES } from './amqp-config.ts';
import { readMessage } from './message-to-send.ts';
import type { OutgoingMessage, Publisher } from './publisher.ts';

/** Files that a message holds itself: in base64 it stays below 16 MiB, which RabbitMQ 4 takes at most unless told otherwise. */
const WITHIN_KIB = 11 * 1024;

/**
 * Publishes every event as CloudEvents JSON in structured mode. Its attributes stand in the headers as well, under the names
 * of the AMQP binding of CloudEvents 1.0 (3.1.3.1), so that an exchange can tell events apart.
 */
export function eventSink(publisher: Publisher, to: Destination): DeliverySink {
  return {
    deliver: (event, signal) =>
      demandQueue(publisher, signal, {
        exchange: to.exchange,
        routingKey: to.routing_key ?? '',
        id: messageId(event.id),
        body: structuredEvent(event),
        properties: { contentType: STRUCTURED_TYPE, headers: attributes(event), ...described(event) },
      }),
  };
}

/** Publishes documents in the platform's words as JSON; the mapping may say by which routing key. */
export function documentSink(
  publisher: Publisher,
  to: Destination,
  mapping: Mapping,
  context: AdapterContext,
): DeliverySink {
  const send: SendDocument = async ({ id, event, document }, signal) => {
    const { routingKey, headers, body } = readMessage(document);
    await demandQueue(publisher, signal, {
      exchange: to.exchange,
      routingKey: routingKey ?? to.routing_key ?? '',
      id: messageId(id),
      body: Buffer.from(JSON.stringify(body)),
      properties: { contentType: 'application/json', headers, ...described(event) },
    });
    return undefined;
  };
  return mappedSink(mapping, context, send, { withinKib: WITHIN_KIB });
}

async function demandQueue(publisher: Publisher, signal: AbortSignal, message: OutgoingMessage): Promise<void> {
  if (await publisher.publish(message, signal)) return;
  throw new PlatformError(false, 'no queue takes the message: bind one to the exchange by this routing key');
}

/** An id that has no place in the property is told by its digest. */
function messageId(id: string): string {
  return Buffer.byteLength(id) <= SHORT_BYTES ? id : createHash('sha256').update(id).digest('hex');
}

function described({ type, time }: PlatformEvent) {
  return {
    ...(Buffer.byteLength(type) <= SHORT_BYTES && { type }),
    timestamp: Math.floor(time / 1000),
    contentEncoding: 'utf-8',
    appId: 'tongban',
  };
}

function attributes(event: PlatformEvent): Record<string, string> {
  const named = { id: event.id, type: event.type, source: event.source, subject: event.subject };
  const all = { specversion: '1.0', ...named, sequence: sequenceText(event) };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`cloudEvents_${name}`, value]));
}
