import { type Reader, Reader as Readers, type RecordsBatch, readRecordsBatch, type Writer } from '@platformatic/kafka';
import type { Group } from './group.ts';
import type { PartitionLog } from './partition-log.ts';

/** Error codes of the protocol. */
const UNKNOWN_TOPIC = 3;
const TOO_LARGE = 10;
const UNKNOWN_MEMBER = 25;
const REBALANCING = 27;
const UNSUPPORTED_MECHANISM = 33;
const WRONG_PASSWORD = 58;

export type Answer = (request: Reader, response: Writer) => Promise<boolean>;

/** What all connections share. */
export interface Kept {
  readonly port: number;
  readonly topics: ReadonlyMap<string, PartitionLog[]>;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly isRefused: (batch: RecordsBatch) => boolean;
  answersToLose: number;
  group(name: string): Group;
  append(topic: string, partition: number, batch: Buffer): bigint;
  appended(ms: number): Promise<void>;
}

/** What the double answers on one connection: each writes into the response, or says false to end the connection. */
export class Answers {
  readonly #double: Kept;
  /** Members that joined over this connection. */
  readonly #joined: { readonly group: string; readonly member: string }[] = [];
  #isAuthenticated: boolean;
  #producers = 0n;

  constructor(double: Kept) {
    this.#double = double;
    this.#isAuthenticated = double.credentials === undefined;
  }

  isAllowed(name: string): boolean {
    return this.#isAuthenticated || name.startsWith('sasl');
  }

  /** A real broker waits for the session to run out; here a lost connection is a lost member at once. */
  gone(): void {
    for (const { group, member } of this.#joined) this.#double.group(group).leave(member);
  }

  readonly metadata: Answer = async (request, response) => {
    const topics = request.readNullableArray((r) => r.readString(false), false, false) ?? [];
    response
      .appendInt32(0)
      .appendArray([0], (w) => broker(w, this.#double.port).appendString(null, false), false, false)
      .appendString('double', false)
      .appendInt32(0)
      .appendArray(topics, (w, name) => this.#topic(w, name), false, false);
    return true;
  };

  readonly findCoordinator: Answer = async (_, response) => {
    broker(response.appendInt32(0).appendInt16(0).appendString(null, false), this.#double.port);
    return true;
  };

  readonly initProducerId: Answer = async (_, response) => {
    this.#producers += 1n;
    const id = (process.hrtime.bigint() % 1_000_000_000n) * 1_000n + this.#producers;
    response.appendInt32(0).appendInt16(0).appendInt64(id).appendInt16(0);
    return true;
  };

  readonly produce: Answer = async (request, response) => {
    request.readNullableString(false);
    request.skip(6);
    const topics = topicsOf(request, (r) => ({ partition: r.readInt32(), batch: r.readBytes(false) }));
    perPartition(response, topics, (w, topic, { partition, batch }) => {
      const isRefused = this.#double.isRefused(readRecordsBatch(Readers.from(batch)));
      const first = isRefused ? -1n : this.#double.append(topic, partition, batch);
      w.appendInt32(partition)
        .appendInt16(isRefused ? TOO_LARGE : 0)
        .appendInt64(first)
        .appendInt64(-1n)
        .appendInt64(0n);
      w.appendArray([], () => {}, false, false).appendString(null, false);
    });
    response.appendInt32(0);
    if (this.#double.answersToLose === 0) return true;
    this.#double.answersToLose -= 1;
    return false;
  };

  readonly listOffsets: Answer = async (request, response) => {
    request.skip(5);
    const topics = topicsOf(request, (r) => {
      const partition = r.readInt32();
      r.skip(4);
      return { partition, isEarliest: r.readInt64() === -2n };
    });
    perPartition(response.appendInt32(0), topics, (w, topic, { partition, isEarliest }) => {
      const { next } = this.#double.topics.get(topic)![partition]!;
      w.appendInt32(partition).appendInt16(0).appendInt64(-1n);
      w.appendInt64(isEarliest ? 0n : next).appendInt32(-1);
    });
    return true;
  };

  readonly fetch: Answer = async (request, response) => {
    request.skip(4);
    const waitMs = request.readInt32();
    request.skip(17);
    const topics = topicsOf(request, (r) => {
      const [partition, , from] = [r.readInt32(), r.readInt32(), r.readInt64()];
      r.skip(8);
      return { partition, from, maxBytes: r.readInt32() };
    });
    const isEmpty = topics.every(({ name, partitions }) =>
      partitions.every(({ partition, from }) => this.#double.topics.get(name)![partition]!.next <= from),
    );
    if (isEmpty) await this.#double.appended(waitMs);
    response.appendInt32(0).appendInt16(0).appendInt32(0);
    perPartition(response, topics, (w, topic, { partition, from, maxBytes }) => {
      const log = this.#double.topics.get(topic)![partition]!;
      w.appendInt32(partition).appendInt16(0).appendInt64(log.next).appendInt64(log.next).appendInt64(0n);
      w.appendArray(null, () => {}, false, false)
        .appendInt32(-1)
        .appendBytes(log.read(from, maxBytes), false);
    });
    return true;
  };

  readonly joinGroup: Answer = async (request, response) => {
    const group = request.readString(false);
    request.skip(8);
    const given = request.readString(false);
    request.readNullableString(false);
    request.readString(false);
    const protocols = request.readArray((r) => [r.readString(false), r.readBytes(false)] as const, false, false);
    const [protocol, metadata] = protocols[0]!;
    const joined = await this.#double.group(group).join(given, protocol, metadata);
    this.#joined.push({ group, member: joined.member });
    response.appendInt32(0).appendInt16(0).appendInt32(joined.generation).appendString(joined.protocol, false);
    response.appendString(joined.leader, false).appendString(joined.member, false);
    response.appendArray(
      [...joined.members],
      (w, one) => w.appendString(one.id, false).appendString(null, false).appendBytes(one.metadata, false),
      false,
      false,
    );
    return true;
  };

  readonly syncGroup: Answer = async (request, response) => {
    const { group, member, state } = this.#memberOf(request);
    const pairs = request.readArray((r) => ({ member: r.readString(false), bytes: r.readBytes(false) }), false, false);
    const bytes = state === 0 ? await this.#double.group(group).sync(member, pairs) : Buffer.alloc(0);
    response.appendInt32(0).appendInt16(state).appendBytes(bytes, false);
    return true;
  };

  readonly heartbeat: Answer = async (request, response) => {
    response.appendInt32(0).appendInt16(this.#memberOf(request).state);
    return true;
  };

  readonly leaveGroup: Answer = async (request, response) => {
    const group = request.readString(false);
    const members = request.readArray(
      (r) => {
        const member = r.readString(false);
        r.readNullableString(false);
        return member;
      },
      false,
      false,
    );
    for (const member of members) this.#double.group(group).leave(member);
    response.appendInt32(0).appendInt16(0);
    response.appendArray(
      members,
      (w, member) => w.appendString(member, false).appendString(null, false).appendInt16(0),
      false,
      false,
    );
    return true;
  };

  readonly offsetCommit: Answer = async (request, response) => {
    const { group, state } = this.#memberOf(request);
    const topics = topicsOf(request, (r) => {
      const [partition, offset] = [r.readInt32(), r.readInt64()];
      r.skip(4);
      r.readNullableString(false);
      return { partition, offset };
    });
    const { committed } = this.#double.group(group);
    perPartition(response.appendInt32(0), topics, (w, topic, { partition, offset }) => {
      if (state === 0) committed.set(`${topic}:${partition}`, offset);
      w.appendInt32(partition).appendInt16(state);
    });
    return true;
  };

  readonly offsetFetch: Answer = async (request, response) => {
    const { committed } = this.#double.group(request.readString(false));
    const topics = topicsOf(request, (r) => ({ partition: r.readInt32() }));
    perPartition(response.appendInt32(0), topics, (w, topic, { partition }) => {
      const offset = committed.get(`${topic}:${partition}`) ?? -1n;
      w.appendInt32(partition).appendInt64(offset).appendInt32(-1).appendString(null, false).appendInt16(0);
    });
    response.appendInt16(0);
    return true;
  };

  readonly saslHandshake: Answer = async (request, response) => {
    const isKnown = request.readString(false) === 'PLAIN';
    response.appendInt16(isKnown ? 0 : UNSUPPORTED_MECHANISM);
    response.appendArray(['PLAIN'], (w, name) => w.appendString(name, false), false, false);
    return true;
  };

  readonly saslAuthenticate: Answer = async (request, response) => {
    const [, user, password] = request.readBytes(false).toString().split('\0');
    const { credentials } = this.#double;
    this.#isAuthenticated = user === credentials?.user && password === credentials?.password;
    response.appendInt16(this.#isAuthenticated ? 0 : WRONG_PASSWORD).appendString(null, false);
    response.appendBytes(Buffer.alloc(0), false).appendInt64(0n);
    return true;
  };

  #topic(w: Writer, name: string): void {
    const logs = this.#double.topics.get(name);
    w.appendInt16(logs ? 0 : UNKNOWN_TOPIC)
      .appendString(name, false)
      .appendBoolean(false);
    w.appendArray(
      [...(logs ?? []).keys()],
      (inner, partition) => {
        inner.appendInt16(0).appendInt32(partition).appendInt32(0);
        for (const nodes of [[0], [0], []])
          inner.appendArray<number>(nodes, (deep, node) => deep.appendInt32(node), false, false);
      },
      false,
      false,
    );
  }

  #memberOf(request: Reader): { readonly group: string; readonly member: string; readonly state: number } {
    const group = request.readString(false);
    const generation = request.readInt32();
    const member = request.readString(false);
    request.readNullableString(false);
    const known = this.#double.group(group).knows(member, generation);
    return { group, member, state: { yes: 0, rebalance: REBALANCING, no: UNKNOWN_MEMBER }[known] };
  }
}

interface TopicOf<Partition> {
  readonly name: string;
  readonly partitions: Partition[];
}

function topicsOf<Partition>(request: Reader, read: (r: Reader) => Partition): TopicOf<Partition>[] {
  return request.readArray(
    (r) => ({ name: r.readString(false), partitions: r.readArray(read, false, false) }),
    false,
    false,
  );
}

function perPartition<Partition>(
  response: Writer,
  topics: TopicOf<Partition>[],
  write: (w: Writer, topic: string, partition: Partition) => void,
): void {
  response.appendArray(
    topics,
    (w, { name, partitions }) =>
      void w
        .appendString(name, false)
        .appendArray(partitions, (inner, partition) => write(inner, name, partition), false, false),
    false,
    false,
  );
}

function broker(w: Writer, port: number): Writer {
  return w.appendInt32(0).appendString('127.0.0.1', false).appendInt32(port);
}
