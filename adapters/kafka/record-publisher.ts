import type { Producer } from '@platformatic/kafka';
import { PlatformError } from '../adapter.ts';
import { brokenOff, orBrokenOff } from '../broken-off.ts';
import { type Cluster, codeOf } from './cluster.ts';

/** A record that the brokers are to keep. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Records of one key stay in order: they go to one partition. */
  readonly key: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

/** What the brokers will never take, as it is. */
const FINAL = /^KAFKA_(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_RECORD|INVALID_TOPIC_EXCEPTION)$/;
/** How long a connection may take to say goodbye. */
const GOODBYE_MS = 2_000;

/**
 * Writes one record after the other and waits until all replicas in sync have it. Not several at once: the client counts
 * the records of a partition, and begins to count anew after a failure; one that was on its way then could pass for an
 * earlier one and be lost.
 */
export class RecordPublisher {
  readonly #cluster: Cluster;
  readonly #closing = new AbortController();
  #producer: Producer<Buffer, Buffer, Buffer, Buffer> | undefined;
  #before: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** @throws PlatformError retryable, when nobody knows or the brokers do not take it now; final, when they never will */
  async publish(record: OutgoingRecord, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    if (either.aborted) throw brokenOff();
    const sent = this.#before.then(() => this.#send(record, either));
    this.#before = sent.catch(() => {});
    await orBrokenOff(sent, either);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#drop();
    await this.#before;
    // It may have been made meanwhile.
    await this.#drop();
  }

  /** The next record makes a client of its own. */
  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer) await goodbye(producer.close(true));
  }

  async #send({ topic, key, headers, value }: OutgoingRecord, signal: AbortSignal): Promise<void> {
    // It was given up while others were written.
    if (signal.aborted) throw brokenOff();
    try {
      this.#producer ??= await this.#cluster.producer();
      const entries = Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);
      await this.#producer.send({ messages: [{ topic, key, value, headers: new Map(entries) }] });
    } catch (cause) {
      const code = codeOf(cause);
      if (FINAL.test(code)) throw new PlatformError(false, `the broker refuses the record (${code})`, { cause });
      await this.#drop();
      throw new PlatformError(true, `the broker did not take the record (${code})`, { cause });
    }
  }
}

/** Waits for a client to close; one whose broker does not answer is left without. */
export async function goodbye(closing: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GOODBYE_MS);
  });
  // It fails when the connection is closed already.
  await Promise.race([closing.catch(() => {}), late]);
  clearTimeout(timer);
}
