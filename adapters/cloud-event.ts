import type { PlatformEvent } from './adapter.ts';

/** Digits of a sequence number, so that numbers sort as text (CloudEvents extension `sequence`). */
const SEQUENCE_DIGITS = 16;

/** Content type of an event in structured mode (CloudEvents HTTP binding 3.2). */
export const STRUCTURED_TYPE = 'application/cloudevents+json';

/** The order of an event within its subject, as text that sorts like the number. */
export function sequenceText(event: PlatformEvent): string {
  return String(event.sequence).padStart(SEQUENCE_DIGITS, '0');
}

/** The event as one JSON document (CloudEvents 1.0 JSON format). The same event always gives the same bytes. */
export function structuredEvent(event: PlatformEvent): Buffer {
  return Buffer.from(JSON.stringify({ ...attributes(event), data: event.data }));
}

/** The event as headers and a bare body (CloudEvents HTTP binding 3.1). */
export function binaryEvent(event: PlatformEvent): { headers: Record<string, string>; body: Buffer } {
  const { datacontenttype, ...context } = attributes(event);
  const headers = Object.entries(context).map(([name, value]) => [`ce-${name}`, headerText(value)]);
  return {
    headers: { ...Object.fromEntries(headers), 'content-type': datacontenttype },
    body: Buffer.from(JSON.stringify(event.data)),
  };
}

/** Text as a header value: percent-encodes what CloudEvents HTTP binding 3.1.3.2 does not allow as it is. */
export function headerText(value: string): string {
  return value.replace(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** What CloudEvents 1.0 says about an event, as text. */
export function attributes(event: PlatformEvent) {
  return {
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: new Date(event.time).toISOString(),
    datacontenttype: 'application/json',
    sequence: sequenceText(event),
  };
}
