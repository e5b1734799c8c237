import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createRecordsBatch, Reader, type RecordsBatch, Writer } from '@platformatic/kafka';
import { type Answer, Answers } from './answers.ts';
import { Group } from './group.ts';
import { PartitionLog } from './partition-log.ts';

/** Versions of requests that it answers: the last ones without tagged fields. */
const APIS: ReadonlyMap<number, readonly [name: keyof Answers, version: number]> = new Map([
  [0, ['produce', 8]],
  [1, ['fetch', 11]],
  [2, ['listOffsets', 5]],
  [3, ['metadata', 5]],
  [8, ['offsetCommit', 7]],
  [9, ['offsetFetch', 5]],
  [10, ['findCoordinator', 2]],
  [11, ['joinGroup', 5]],
  [12, ['heartbeat', 3]],
  [13, ['leaveGroup', 3]],
  [14, ['syncGroup', 3]],
  [17, ['saslHandshake', 1]],
  [22, ['initProducerId', 1]],
  [36, ['saslAuthenticate', 1]],
]);
const API_VERSIONS = 18;

export interface DoubleOptions {
  readonly tls?: TlsOptions;
  /** Asked for with PLAIN; nobody is asked when absent. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** What a produced record has in it. */
export interface KeptRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is produced by the platform itself. */
export interface PutRecord {
  readonly key?: string;
  /** A tombstone when absent. */
  readonly value?: Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
}

/**
 * Stands in for one Kafka broker on 127.0.0.1: it speaks as much of the protocol as our client needs and keeps everything in
 * memory. It is no broker: it proves what we do, not what Kafka does. Must be closed by the caller.
 */
export class KafkaDouble {
  readonly topics = new Map<string, PartitionLog[]>();
  readonly groups = new Map<string, Group>();
  readonly credentials: DoubleOptions['credentials'];
  /** Says which records are too large for it. */
  isRefused: (batch: RecordsBatch) => boolean = () => false;
  /** Answers to `produce` that are lost on their way: the records are kept. */
  answersToLose = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #appended = new Set<() => void>();
  #isCut = false;

  private constructor({ tls, credentials }: DoubleOptions) {
    this.credentials = credentials;
    const take = (socket: Socket) => this.#serve(socket);
    this.#server = tls ? createTlsServer(tls, take) : createServer(take);
    this.#server.on('connection', (socket: Socket) => {
      if (this.#isCut) socket.destroy();
      this.#sockets.add(socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket)));
    });
  }

  static async start(options: DoubleOptions = {}): Promise<KafkaDouble> {
    const double = new KafkaDouble(options);
    double.#server.listen(0, '127.0.0.1');
    await once(double.#server, 'listening');
    return double;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  createTopic(name: string, partitions = 1): void {
    this.topics.set(
      name,
      Array.from({ length: partitions }, () => new PartitionLog()),
    );
  }

  group(name: string): Group {
    const group = this.groups.get(name) ?? new Group();
    this.groups.set(name, group);
    return group;
  }

  /** What a producer of the platform writes. */
  put(topic: string, { key, value, headers = {}, partition = 0 }: PutRecord): void {
    const entries = Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);
    const record = { topic, value: value as Buffer, headers: new Map(entries) };
    const batch = createRecordsBatch([{ ...record, ...(key !== undefined && { key: Buffer.from(key) }) }]);
    this.append(topic, partition, batch.buffer);
  }

  append(topic: string, partition: number, batch: Buffer): bigint {
    const first = this.topics.get(topic)![partition]!.append(batch);
    for (const wake of this.#appended) wake();
    return first;
  }

  /** Resolves when something is produced, or after this long. */
  async appended(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#appended.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#appended.add(end);
    });
  }

  /** Everything in a topic, partition after partition. */
  records(topic: string): KeptRecord[] {
    const text = (bytes: Buffer | null) => bytes?.toString() ?? undefined;
    return (this.topics.get(topic) ?? []).flatMap((log, partition) =>
      log.batches().flatMap(({ firstOffset, records }) =>
        records.map(({ offsetDelta, key, value, headers }) => ({
          partition,
          offset: firstOffset + BigInt(offsetDelta),
          key: text(key),
          value: text(value),
          headers: Object.fromEntries(headers.map(([name, given]) => [String(name), String(given)])),
        })),
      ),
    );
  }

  /** Ends every connection and takes no other until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    for (const group of this.groups.values()) group.close();
    for (const wake of this.#appended) wake();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Requests of one connection are answered one after another. */
  async #serve(socket: Socket): Promise<void> {
    const answers = new Answers(this);
    socket.on('close', () => answers.gone()).on('error', () => {});
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of socket) {
        rest = Buffer.concat([rest, chunk as Buffer]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE()) {
          const size = 4 + rest.readInt32BE();
          const request = Reader.from(rest.subarray(4, size));
          rest = rest.subarray(size);
          const response = await this.#answer(request, answers);
          if (!response) return void socket.destroy();
          socket.write(response.prependLength().buffer);
        }
      }
    } catch {
      socket.destroy();
    }
  }

  /** @returns undefined for what it does not know, as a broker ends the connection then */
  async #answer(request: Reader, answers: Answers): Promise<Writer | undefined> {
    const [api, version, correlation] = [request.readInt16(), request.readInt16(), request.readInt32()];
    request.readNullableString(false);
    const response = Writer.create().appendInt32(correlation);
    if (api === API_VERSIONS) return versions(response, version >= 3);
    const [name, ours] = APIS.get(api) ?? [];
    if (name === undefined || version !== ours || name === 'gone') return undefined;
    if (!answers.isAllowed(name)) return undefined;
    return (await (answers[name] as Answer)(request, response)) ? response : undefined;
  }
}

function versions(response: Writer, isCompact: boolean): Writer {
  const known = [...APIS].map(([api, [, version]]) => ({ api, version }));
  const own = { api: API_VERSIONS, version: 3 };
  return response
    .appendInt16(0)
    .appendArray(
      [...known, own],
      (w, { api, version }) =>
        w
          .appendInt16(api)
          .appendInt16(api === API_VERSIONS ? 1 : version)
          .appendInt16(version),
      isCompact,
      isCompact,
    )
    .appendInt32(0)
    .append(isCompact ? Buffer.from([0]) : Buffer.alloc(0));
}
