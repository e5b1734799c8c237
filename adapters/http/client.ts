import { Readable } from 'node:stream';
import { CodedError, LIMITS, optional, type Rule } from '#proto';
import { PlatformError } from '../adapter.ts';
import { timeForLarge } from '../time-for-large.ts';
import { attempt, DEFAULT_TIMEOUT_MS, timeoutMs, webUrl } from './attempt.ts';
import type { Asker } from './authentication.ts';
import { ClientTls, type TlsConfig, tlsRules } from './client-tls.ts';
import {
  type AnswerHead,
  agentFor,
  ask,
  askForStream,
  askStreaming,
  type BodyAnswer,
  type Exchange,
  type StreamAnswer,
  type StreamedBody,
} from './post.ts';
import { createProver, type Proof, type ProofConfig, type Prover, proofProblems, proofRules } from './proof.ts';
import { networksRule } from './targets.ts';
import { verdict } from './verdict.ts';

/** How to reach one platform. */
export interface ClientConfig {
  readonly url: string;
  /** Internal networks into which the name of the URL may lead. */
  readonly networks?: readonly string[];
  readonly auth: ProofConfig;
  readonly tls?: TlsConfig;
  /** Most that one request may take. */
  readonly timeout_ms?: number;
}

export const CLIENT_RULES = {
  url: webUrl,
  networks: optional(networksRule),
  auth: proofRules,
  tls: optional(tlsRules),
  timeout_ms: optional(timeoutMs),
} as const satisfies Readonly<Record<keyof ClientConfig, Rule>>;

export interface ClientRequest {
  /** What it is about; signed where the way of proving signs an id. */
  readonly id: string;
  readonly url: URL;
  /** POST when there is a body, else GET, when absent. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A request whose body is read while it goes out: no proof can sign it. */
export interface UploadRequest extends Omit<ClientRequest, 'body'> {
  readonly body: StreamedBody;
}

export type ClientAnswer = AnswerHead & BodyAnswer;

/** Longest time for the bytes of one file, in ms; between two pieces of it no more passes than one request may take. */
const FILE_MS = 10 * 60_000;
const NO_BODY = Buffer.alloc(0);

/** Asks one platform: with the proof of who asks, within its time, at its own host alone. Must be closed by the caller. */
export class PlatformClient {
  readonly base: URL;
  readonly #asker: Asker;
  readonly #timeoutMs: number;
  readonly #agent: ReturnType<typeof agentFor>;
  readonly #tls: ClientTls;
  readonly #prover: Prover;

  /** @throws CodedError CONFIG_INVALID with what is wrong with the files, by pointer within `config` */
  static async open(config: ClientConfig, asker: Asker): Promise<PlatformClient> {
    const tls = new ClientTls(config.tls ?? {}, () => asker.now());
    const problems = [...(await proofProblems(config.auth, '/auth')), ...(await tls.problems('/tls'))];
    if (problems.length > 0) throw new CodedError('CONFIG_INVALID', 'the secret cannot be used', problems);
    return new PlatformClient(config, asker, tls);
  }

  private constructor(config: ClientConfig, asker: Asker, tls: ClientTls) {
    this.base = new URL(config.url);
    this.#asker = asker;
    this.#timeoutMs = config.timeout_ms ?? DEFAULT_TIMEOUT_MS;
    this.#agent = agentFor(this.base, config.networks);
    this.#tls = tls;
    this.#prover = createProver(config.auth, asker, config.networks, () => tls.files());
  }

  get host(): string {
    return this.base.host;
  }

  /**
   * Sends one request. A proof that is not believed is renewed once, where that can help.
   *
   * @param maxBytes of the answer's body, 0 for none; `body` is undefined when it is longer
   * @throws PlatformError retryable, when there is no answer
   */
  send(request: ClientRequest, signal: AbortSignal, maxBytes: number): Promise<ClientAnswer> {
    const within = this.#timeoutMs + timeForLarge(request.body?.length ?? 0);
    return this.#proven(request, signal, (exchange) => ask(exchange, maxBytes), undefined, within);
  }

  /**
   * The bytes of a file at the platform.
   *
   * @throws PlatformError, also later, by the stream
   */
  async openFile(url: URL, signal: AbortSignal): Promise<Readable> {
    const whole = AbortSignal.any([signal, AbortSignal.timeout(FILE_MS)]);
    const discard = ({ stream }: StreamAnswer) => stream.on('error', () => {}).destroy();
    const open = (exchange: Exchange) => headInTime(exchange, whole);
    const answer = await this.#proven({ id: 'file', url }, signal, open, discard);
    const { status, headers, stream } = answer;
    const head = { status, retryAfter: headers['retry-after'] };
    const failure = verdict(this.host, head, this.#asker.now(), 'file');
    if (failure) {
      discard(answer);
      throw failure;
    }
    stream.setTimeout(this.#timeoutMs, () => stream.destroy());
    // Whoever does not read it frees the connection too.
    return Readable.from(bounded(stream, this.host), { objectMode: false }).once('close', () => stream.destroy());
  }

  /**
   * Sends a body that is read while it goes out, from the start again where a proof has to be renewed.
   *
   * @param maxBytes of the answer's body; `body` is undefined when it is longer
   * @throws PlatformError retryable, when there is no answer or nothing moves; what reading the body throws
   */
  upload(request: UploadRequest, signal: AbortSignal, maxBytes: number): Promise<ClientAnswer> {
    const { body, ...rest } = request;
    const send = (exchange: Exchange) => askStreaming(exchange, body, this.#timeoutMs, maxBytes);
    return this.#proven(rest, signal, send, undefined, FILE_MS);
  }

  close(): void {
    this.#prover.close();
    this.#agent.destroy();
  }

  async #proven<T extends AnswerHead>(
    request: ClientRequest,
    signal: AbortSignal,
    exchange: (exchange: Exchange) => Promise<T>,
    discard: (answer: T) => void = () => {},
    withinMs: number = this.#timeoutMs,
  ): Promise<T> {
    const [answer, proof] = await this.#once(request, signal, exchange, withinMs);
    if (answer.status !== 401 || !this.#prover.renew(proof)) return answer;
    discard(answer);
    return (await this.#once(request, signal, exchange, withinMs))[0];
  }

  async #once<T>(
    { id, url, method, headers, body }: ClientRequest,
    signal: AbortSignal,
    exchange: (exchange: Exchange) => Promise<T>,
    withinMs: number,
  ): Promise<[T, Proof]> {
    const proof = await this.#prover.prove({ id, url, body: body ?? NO_BODY }, signal);
    const tls = await this.#tls.files();
    const common = { agent: this.#agent, tls, ...(method && { method }), ...(body && { body }) };
    const answer = await attempt(this.host, withinMs, signal, (limit) =>
      exchange({
        ...common,
        url: withQuery(url, proof.query),
        headers: { 'accept-encoding': 'identity', ...headers, ...proof.headers },
        signal: limit,
      }),
    );
    return [answer, proof];
  }
}

/** The head within the time of a request; the body within the time of a file. */
async function headInTime(exchange: Exchange, whole: AbortSignal): Promise<StreamAnswer> {
  const late = new AbortController();
  const stop = () => late.abort();
  exchange.signal.addEventListener('abort', stop, { once: true });
  try {
    return await askForStream({ ...exchange, signal: AbortSignal.any([late.signal, whole]) });
  } finally {
    exchange.signal.removeEventListener('abort', stop);
  }
}

async function* bounded(stream: Readable, host: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LIMITS.materialBytes)
        throw new PlatformError(false, `a file of the platform at ${host} is larger than a material may be`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    throw new PlatformError(true, `a file of the platform at ${host} ended in the middle`, { cause });
  }
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const proven = new URL(url);
  for (const [name, value] of Object.entries(query)) proven.searchParams.set(name, value);
  return proven;
}
