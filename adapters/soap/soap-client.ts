import { type AdapterContext, PlatformError } from '../adapter.ts';
import { headerText } from '../cloud-event.ts';
import type { ClientAnswer, PlatformClient } from '../http/client.ts';
import { verdict } from '../http/verdict.ts';
import { Unreadable } from '../unreadable.ts';
import { NoXml } from '../xml/write-xml.ts';
import { MAX_ANSWER_BYTES, readEnvelope, type SoapAnswer, type SoapVersion, writeEnvelope } from './envelope.ts';
import { readInner, writeInner } from './inner-xml.ts';
import { type SoapAuthConfig, soapProof } from './soap-auth.ts';
import type { Operation } from './soap-config.ts';

/** Faults by which the service says that the request itself is wrong (SOAP 1.1 section 4.4.1, SOAP 1.2 section 5.4.6). */
const REFUSING: ReadonlySet<string> = new Set(['Client', 'Sender']);

export interface SoapOptions {
  readonly version: SoapVersion;
  readonly auth: SoapAuthConfig;
  readonly lists: readonly string[];
  readonly prefixes: Readonly<Record<string, string>>;
  readonly operations: ReadonlyMap<string, Operation>;
}

/** Calls the operations of one service. */
export class SoapClient {
  readonly #options: SoapOptions;
  readonly #client: PlatformClient;
  readonly #context: AdapterContext;

  constructor(options: SoapOptions, client: PlatformClient, context: AdapterContext) {
    this.#options = options;
    this.#client = client;
    this.#context = context;
  }

  get host(): string {
    return this.#client.host;
  }

  /**
   * @param id the same for the same call, sent as `Idempotency-Key`
   * @param body what is in the message, as JSON
   * @returns body of the answer, with the element of its message as its one member; null when there is none
   * @throws PlatformError final after a fault that blames us, and for a body that cannot be written; else retryable
   */
  async call(id: string, name: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const operation = this.#options.operations.get(name);
    if (!operation) throw new PlatformError(false, 'the document names an operation that is not in the settings');
    const { headers, header } = await soapProof(this.#options.auth, this.#context.now());
    const envelope = this.#written(operation, body, header);
    const request = { id, url: this.#client.base, body: envelope };
    const typed = { ...headers, ...this.#typed(operation), 'idempotency-key': headerText(id) };
    return this.#judged(await this.#client.send({ ...request, headers: typed }, signal, MAX_ANSWER_BYTES), operation);
  }

  #written(operation: Operation, body: unknown, header: string): Buffer {
    try {
      return writeEnvelope(this.#options.version, operation, writeInner(body, operation.inner.request), header);
    } catch (cause) {
      if (!(cause instanceof NoXml)) throw cause;
      throw new PlatformError(false, `the document cannot be written as XML: ${cause.message}`, { cause });
    }
  }

  #typed({ action }: Operation): Record<string, string> {
    if (this.#options.version === '1.1')
      return { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"`, accept: 'text/xml' };
    const named = action === '' ? '' : `; action="${action}"`;
    return { 'content-type': `application/soap+xml; charset=utf-8${named}`, accept: 'application/soap+xml' };
  }

  #judged(answer: ClientAnswer, operation: Operation): unknown {
    const { status, headers } = answer;
    const failure = verdict(this.host, { status, retryAfter: headers['retry-after'] }, this.#context.now(), 'call');
    const read = this.#read(answer, operation, failure);
    if (read?.fault) {
      const { code } = read.fault;
      const said = `the platform at ${this.host} answers with a fault${code && ` (${code})`}`;
      const after = failure?.retryAfterMs;
      throw new PlatformError(!REFUSING.has(code), said, after === undefined ? {} : { retryAfterMs: after });
    }
    if (failure) throw failure;
    return read ? read.body : null;
  }

  /** A service says with status 500 what a fault means; what is no SOAP counts by its status alone. */
  #read(answer: ClientAnswer, operation: Operation, failure: PlatformError | undefined): SoapAnswer | undefined {
    const { body, headers } = answer;
    if (body?.length === 0) return undefined;
    const broken = (why: string) => failure ?? new PlatformError(true, `the answer of ${this.host} ${why}`);
    if (!body) throw broken('is too long');
    const charset = /;\s*charset="?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
    try {
      const read = readEnvelope(body, this.#options, charset);
      if (!read) throw broken(`is no envelope of SOAP ${this.#options.version}`);
      return read.fault ? read : { body: readInner(read.body, operation.inner.answer, this.#options) };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw broken(error.problems.map(({ message }) => message).join('; '));
    }
  }
}
