import type { Submission } from '../adapter.ts';
import { demandJson } from '../http/json.ts';
import { MAX_RECORD_BYTES, type RecordReader } from '../http/records.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { understand } from '../mapping/understand.ts';
import { type ArrivedRecord, noFiles, receive } from '../records/arrived-record.ts';
import { unreadable } from '../unreadable.ts';
import { textAt } from '../value-at.ts';
import { readXml } from '../xml/read-xml.ts';
import type { FetchedRecord } from './cluster.ts';
import type { IntakeConfig } from './kafka-config.ts';

/** What a record asks for. */
export interface ReceivedRecord {
  readonly submission: Submission;
  /** What records of its case have in common. */
  readonly lane: string;
  /** Record key, for whoever answers in the same order. */
  readonly recordKey: Buffer | undefined;
  /** The id that the sender chose. */
  readonly id: string | undefined;
}

const DEFAULT_ID_HEADER = 'message-id';

/** Turns records into submissions; what cannot be read becomes one with its problems. */
export class TopicReader {
  readonly #reader: RecordReader;
  readonly #intake: IntakeConfig;

  constructor(platform: string, mapping: Mapping, intake: IntakeConfig) {
    this.#reader = { platform, mapping, openFile: noFiles };
    this.#intake = intake;
  }

  /** @param record no tombstone */
  async read(record: FetchedRecord): Promise<ReceivedRecord> {
    const { key, id_header } = this.#intake;
    const headers = textHeaders(record);
    const id = headers.get(id_header ?? DEFAULT_ID_HEADER) || undefined;
    const paths = typeof key === 'object' && key !== null ? key : undefined;
    const known =
      key === 'value' ? undefined : key === 'offset' || id === undefined ? placeOf(record) : ['message', id];
    const name = paths ? undefined : known;
    const arrived: ArrivedRecord = {
      bytes: record.value,
      identity: { paths, id: name },
      name,
      document: () => this.#documentOf(record.value, headers),
      laneOf: (document) => this.#laneOf(record, headers, document),
    };
    return { ...(await receive(arrived, this.#reader)), recordKey: record.key ?? undefined, id };
  }

  /** Understands what was parked anew. */
  again(key: string, document: unknown): Promise<Submission> {
    return understand(key, document, this.#reader.mapping, noFiles);
  }

  #documentOf(value: Buffer, headers: ReadonlyMap<string, string>): unknown {
    if (value.length > MAX_RECORD_BYTES) throw unreadable('TOO_LARGE', `is larger than ${MAX_RECORD_BYTES} bytes`);
    const contentType = headers.get('content-type') ?? '';
    if (!/^[^;]*[/+]xml\s*(;|$)/i.test(contentType)) return demandJson(value, { 'content-type': contentType });
    const charset = /;\s*charset="?([^\s";]+)/i.exec(contentType)?.[1];
    return readXml(value, MAX_RECORD_BYTES, this.#intake.xml ?? {}, charset);
  }

  #laneOf(record: FetchedRecord, headers: ReadonlyMap<string, string>, document: unknown): string | undefined {
    const { by, name } = this.#intake.lane ?? { by: 'record-key' };
    if (by === 'field') return textAt(document, name!);
    if (by === 'header') return headers.get(name!);
    return record.key?.toString('latin1');
  }
}

/** Its place in the topic, and when it was written: where a topic is made anew, its offsets count from 0 again. */
function placeOf({ topic, partition, offset, timestamp }: FetchedRecord): string[] {
  return ['offset', topic, String(partition), String(offset), String(timestamp)];
}

function textHeaders({ headerEntries }: FetchedRecord): ReadonlyMap<string, string> {
  return new Map(headerEntries.map(([name, value]) => [String(name ?? ''), String(value ?? '')]));
}
