import type { ConsumeMessage } from 'amqplib';
import type { Submission } from '../adapter.ts';
import { demandJson } from '../http/json.ts';
import { MAX_RECORD_BYTES, type RecordReader } from '../http/records.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { understand } from '../mapping/understand.ts';
import { type ArrivedRecord, noFiles, receive } from '../records/arrived-record.ts';
import { unreadable } from '../unreadable.ts';
import { textAt } from '../value-at.ts';
import { readXml, type XmlOptions } from '../xml/read-xml.ts';
import type { IntakeConfig, LaneConfig } from './amqp-config.ts';

/** What a message asks for. */
export interface Delivery {
  /** As it came; one that is too large has no content any more. */
  readonly message: ConsumeMessage;
  readonly isTooLarge: boolean;
  readonly submission: Submission;
  /** What messages of its case have in common. */
  readonly lane: string;
}

/** Turns messages of one queue into submissions; what cannot be read becomes one with its problems. */
export class DeliveryReader {
  readonly #reader: RecordReader;
  readonly #intake: IntakeConfig;

  constructor(platform: string, mapping: Mapping, intake: IntakeConfig) {
    this.#reader = { platform, mapping, openFile: noFiles };
    this.#intake = intake;
  }

  async read(message: ConsumeMessage): Promise<Delivery> {
    const { content: bytes, properties } = message;
    const { key, lane, xml } = this.#intake;
    const id = textOf(properties.messageId) || undefined;
    const name = key === 'body' || id === undefined ? undefined : ['message', id];
    const paths = typeof key === 'object' && key !== null ? key : undefined;
    const record: ArrivedRecord = {
      bytes,
      identity: { paths, id: name },
      name: paths ? undefined : name,
      document: () => documentOf(message, xml ?? {}),
      laneOf: (document) => laneOf(message, document, lane),
    };
    const isTooLarge = bytes.length > MAX_RECORD_BYTES;
    const kept = isTooLarge ? { ...message, content: Buffer.alloc(0) } : message;
    return { message: kept, isTooLarge, ...(await receive(record, this.#reader)) };
  }

  /** Understands what was parked anew. */
  again(key: string, document: unknown): Promise<Submission> {
    return understand(key, document, this.#reader.mapping, noFiles);
  }
}

function documentOf(message: ConsumeMessage, xml: XmlOptions): unknown {
  const { content, properties } = message;
  if (content.length > MAX_RECORD_BYTES) throw unreadable('TOO_LARGE', `is larger than ${MAX_RECORD_BYTES} bytes`);
  const contentType = textOf(properties.contentType) ?? '';
  const charset = /;\s*charset="?([^\s";]+)/i.exec(contentType)?.[1];
  const encoding = textOf(properties.contentEncoding)?.toLowerCase();
  // Some clients write the charset there, for which the property was not meant.
  const isCharset = encoding !== undefined && /^(utf-?8|utf-16(le|be)?|gbk|gb2312|gb18030)$/.test(encoding);
  const carrier = charset ?? (isCharset ? encoding : undefined);
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity' && !isCharset)
    throw unreadable('ENCODING', 'is compressed or encoded, which is not read');
  if (/^[^;]*[/+]xml\s*(;|$)/i.test(contentType)) return readXml(content, MAX_RECORD_BYTES, xml, carrier);
  return demandJson(content, { 'content-type': carrier === undefined ? '' : `application/json; charset=${carrier}` });
}

function laneOf(message: ConsumeMessage, document: unknown, lane: LaneConfig | null | undefined): string | undefined {
  if (!lane) return undefined;
  if (lane.by === 'routing-key') return message.fields.routingKey;
  if (lane.by === 'field') return textAt(document, lane.name!);
  const value: unknown = message.properties.headers?.[lane.name!];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
