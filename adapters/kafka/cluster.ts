import { readFile } from 'node:fs/promises';
import type { BaseOptions, Consumer, Message, Producer } from '@platformatic/kafka';
import type { Problem } from '#proto';
import { ClientTls } from '../http/client-tls.ts';
import type { ClusterPlace } from './kafka-config.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
/** Without a sign of life for so long a reader counts as gone, and its partitions go to others. */
const SESSION_MS = 20_000;
const HEARTBEAT_MS = 3_000;
/** Longer than the brokers wait for the other readers of a group. */
const REBALANCE_MS = 25_000;
const GROUP_REQUEST_MS = 30_000;
/** With fewer than two the client of an idempotent producer tries for ever. */
const RETRIES = 2;
const RETRY_DELAY_MS = 100;

/** A record as it was fetched; `value` is undefined in a tombstone, whatever its type says. */
export type FetchedRecord = Message<Buffer, Buffer, Buffer, Buffer>;

/** Loaded only where it is used: it is larger than all else that a command of ours loads. */
const client = () => import('@platformatic/kafka');

/** The brokers of a platform, and how they are reached. */
export class Cluster {
  readonly timeoutMs: number;
  readonly #place: ClusterPlace;
  readonly #tls: ClientTls;

  /** @param place as the rules let it pass */
  constructor(place: ClusterPlace, now: () => number) {
    this.#place = place;
    this.#tls = new ClientTls(place.tls ?? {}, now);
    this.timeoutMs = place.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  }

  /** Says what is wrong with the files, if anything. No broker is asked: the gateway has to start while they are away. */
  async problems(): Promise<Problem[]> {
    const problems = await this.#tls.problems('/tls');
    const file = this.#place.sasl?.password_file;
    const fault =
      file &&
      (await readFile(file).then(
        () => undefined,
        ({ code }: NodeJS.ErrnoException) => `cannot be read (${code})`,
      ));
    if (fault) problems.push({ pointer: '/sasl/password_file', code: 'FILE', message: fault });
    return problems;
  }

  /** Reads as a member of a group; connects when it is used. Must be closed by the caller. */
  async consumer(groupId: string): Promise<Consumer<Buffer, Buffer, Buffer, Buffer>> {
    const { Consumer } = await client();
    return new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...(await this.#options()),
      groupId,
      autocommit: false,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      requestTimeout: Math.max(GROUP_REQUEST_MS, this.timeoutMs),
    });
  }

  /** Writes, and knows its own repetitions. Connects when it is used. Must be closed by the caller. */
  async producer(): Promise<Producer<Buffer, Buffer, Buffer, Buffer>> {
    const { Producer } = await client();
    return new Producer<Buffer, Buffer, Buffer, Buffer>({
      ...(await this.#options()),
      idempotent: true,
      requestTimeout: this.timeoutMs,
      timeout: this.timeoutMs,
    });
  }

  /** With the certificates and the password as their files have them now. */
  async #options(): Promise<BaseOptions> {
    const { brokers, security, sasl } = this.#place;
    const password = sasl && (await readFile(sasl.password_file, 'utf8')).replace(/\r?\n$/, '');
    return {
      clientId: 'tongban',
      bootstrapBrokers: [...brokers],
      autocreateTopics: false,
      connectTimeout: this.timeoutMs,
      retries: RETRIES,
      retryDelay: RETRY_DELAY_MS,
      ...(security !== 'plaintext' && {
        // Names are checked, but not sent ahead (SNI): the client would fail on brokers that announce themselves by address.
        tls: { ...(await this.#tls.files()), minVersion: 'TLSv1.2' as const },
      }),
      ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.user, password: password! } }),
    };
  }
}

/** What a failure is called in the log: a code of the protocol or the system, no words of a broker. */
export function codeOf(error: unknown): string {
  const found = [...chain(error, 0)];
  const told = found.find(({ apiId }) => typeof apiId === 'string')?.apiId;
  if (told !== undefined) return `KAFKA_${told}`;
  if (found.some(({ message }) => /^Unknown topic /.test(String(message)))) return 'KAFKA_UNKNOWN_TOPIC_OR_PARTITION';
  const codes = found.map(({ code }) => code).filter((code) => typeof code === 'string');
  return codes.find((code) => !code.startsWith('PLT_')) ?? codes.at(-1) ?? 'CONNECTION';
}

interface Failure {
  readonly apiId?: string;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** The client wraps failures in one another. */
function* chain(error: unknown, depth: number): Generator<Failure> {
  if (typeof error !== 'object' || error === null || depth > 8) return;
  const failure = error as Failure;
  yield failure;
  for (const inner of Array.isArray(failure.errors) ? failure.errors : []) yield* chain(inner, depth + 1);
  yield* chain(failure.cause, depth + 1);
}
