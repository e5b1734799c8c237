import { createHash } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib';
import { PlatformError, type Submission } from '../adapter.ts';
import { demandJson } from '../http/json.ts';
import { keyOf, MAX_RECORD_BYTES, type RecordReader, submissionOf } from '../http/records.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { OpenFile } from '../mapping/understand.ts';
import { Unreadable, unreadable } from '../unreadable.ts';
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

/** A message is all there is: files want another way. */
const noFiles: OpenFile = async () => {
  throw new PlatformError(false, 'a message has no files; hand the files in by another platform, such as a directory');
};

/** Turns messages of one queue into submissions; what cannot be read becomes one with its problems. */
export class DeliveryReader {
  readonly #reader: RecordReader;
  readonly #intake: IntakeConfig;

  constructor(platform: string, mapping: Mapping, intake: IntakeConfig) {
    this.#reader = { platform, mapping, openFile: noFiles };
    this.#intake = intake;
  }

  get mapping(): Mapping {
    return this.#reader.mapping;
  }

  readonly openFile = noFiles;

  async read(message: ConsumeMessage): Promise<Delivery> {
    const isTooLarge = message.content.length > MAX_RECORD_BYTES;
    const about = { message: isTooLarge ? { ...message, content: Buffer.alloc(0) } : message, isTooLarge };
    const { key, lane } = this.#intake;
    const id = textOf(message.properties.messageId) || undefined;
    const name = key === 'body' || id === undefined ? undefined : ['message', id];
    const paths = typeof key === 'object' && key !== null ? key : undefined;
    try {
      const document = documentOf(message, this.#intake.xml ?? {});
      const submission = await submissionOf(document, { paths, id: name }, this.#reader);
      return { ...about, submission, lane: laneOf(message, document, lane) ?? submission.key };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      const digest = createHash('sha256').update(message.content).digest('hex');
      const known = name && !paths ? name : ['bytes', digest];
      const submission = { document: null, wishes: [], problems: error.problems };
      const submissionKey = keyOf(this.#reader.platform, ...known);
      // It may belong to a case all the same: nothing of that case overtakes it.
      const itsLane = laneOf(message, undefined, lane) ?? submissionKey;
      return { ...about, submission: { key: submissionKey, ...submission }, lane: itsLane };
    }
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
