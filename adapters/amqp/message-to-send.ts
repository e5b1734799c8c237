import { PlatformError } from '../adapter.ts';
import { SHORT_BYTES } from './amqp-config.ts';

/** A document of a mapping that says more than the body: where the message goes, and what its headers say. */
export interface MessageToSend {
  /** The one of the configuration when absent. */
  readonly routingKey?: string;
  readonly headers: Readonly<Record<string, string | number | boolean>>;
  readonly body: unknown;
}

const MAX_HEADERS = 32;
/** All of them have to fit into one frame. */
const MAX_HEADER_BYTES = 32 * 1024;
/** Names that the broker gives a meaning, such as CC, which sends copies to other queues. */
const RESERVED = /^(x-|cc$|bcc$)/i;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,127}$/;

/** @throws PlatformError final, when the mapping does not make `{ routingKey, headers, body }` of it */
export function readMessage(document: unknown): MessageToSend {
  const { routingKey, headers = {}, body, ...rest } = objectOf(document, 'a document');
  if (Object.keys(rest).length > 0) throw unfit('has a member besides routingKey, headers and body');
  if (body === undefined) throw unfit('has no body');
  if (routingKey !== undefined && (typeof routingKey !== 'string' || Buffer.byteLength(routingKey) > SHORT_BYTES))
    throw unfit(`has a routingKey that is no text of at most ${SHORT_BYTES} bytes`);
  const entries = Object.entries(objectOf(headers, 'headers'));
  if (entries.length > MAX_HEADERS) throw unfit(`has more than ${MAX_HEADERS} headers`);
  if (Buffer.byteLength(JSON.stringify(entries)) > MAX_HEADER_BYTES)
    throw unfit(`has more than ${MAX_HEADER_BYTES} bytes of headers`);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name) || RESERVED.test(name)) throw unfit('has a header with a name that is not allowed');
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw unfit('has a header that is no text, number or truth value');
  }
  return {
    ...(routingKey !== undefined && { routingKey }),
    headers: Object.fromEntries(entries) as MessageToSend['headers'],
    body,
  };
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new PlatformError(false, `the mapping makes no message: ${what} must be an object`);
}

function unfit(what: string): PlatformError {
  return new PlatformError(false, `the mapping makes no message: a document ${what}`);
}
