import { PlatformError } from '../adapter.ts';
import { HEADER_NAME, TOPIC_NAME } from './kafka-config.ts';

/** A document in the platform's words: one record. */
export interface RecordToSend {
  /** That of the configuration when absent. */
  readonly topic?: string;
  /** The conversation when absent, so that the events of a case stay in order. */
  readonly key?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
}

const MAX_HEADERS = 32;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_KEY_BYTES = 1024;
/** Ours: by them the platform knows a repetition and reads the value. */
const RESERVED = /^(message-id|content-type)$/i;

/** @throws PlatformError final, when the mapping does not make `{ topic, key, headers, value }` of it */
export function readRecordToSend(document: unknown): RecordToSend {
  const { topic, key, headers = {}, value, ...rest } = objectOf(document, 'a document');
  if (Object.keys(rest).length > 0) throw unfit('has a member besides topic, key, headers and value');
  if (value === undefined) throw unfit('has no value');
  if (topic !== undefined && (typeof topic !== 'string' || !TOPIC_NAME.test(topic)))
    throw unfit('has a topic that is no name of one');
  if (key !== undefined && (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES))
    throw unfit(`has a key that is no text of 1 to ${MAX_KEY_BYTES} bytes`);
  const entries = Object.entries(objectOf(headers, 'headers'));
  if (entries.length > MAX_HEADERS) throw unfit(`has more than ${MAX_HEADERS} headers`);
  if (Buffer.byteLength(JSON.stringify(entries)) > MAX_HEADER_BYTES)
    throw unfit(`has more than ${MAX_HEADER_BYTES} bytes of headers`);
  for (const [name, text] of entries) {
    if (!HEADER_NAME.test(name) || RESERVED.test(name)) throw unfit('has a header with a name that is not allowed');
    if (!['string', 'number', 'boolean'].includes(typeof text))
      throw unfit('has a header that is no text, number or truth value');
  }
  return {
    ...(topic !== undefined && { topic }),
    ...(key !== undefined && { key }),
    headers: Object.fromEntries(entries.map(([name, text]) => [name, String(text)])),
    value,
  };
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new PlatformError(false, `the mapping makes no record: ${what} must be an object`);
}

function unfit(what: string): PlatformError {
  return new PlatformError(false, `the mapping makes no record: a document ${what}`);
}
