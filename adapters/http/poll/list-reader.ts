import { type AdapterContext, PlatformError, type SubmissionOutcome } from '../../adapter.ts';
import { Unreadable } from '../../unreadable.ts';
import type { ClientAnswer, ClientRequest, PlatformClient } from '../client.ts';
import { demandJson, valueAt } from '../json.ts';
import { below } from '../place.ts';
import { verdict } from '../verdict.ts';
import { ackOf } from './acknowledge.ts';
import type { PollConfig } from './poll-config.ts';
import type { RecordList } from './poll-source.ts';

/** Bytes of one answer with records, and records in it. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_RECORDS = 10_000;
/** Bytes of the answer to an acknowledgement. */
const MAX_ACK_BYTES = 64 * 1024;

const JSON_TYPE = 'application/json';

/** Asks for lists of records, and tells what became of them. */
export class ListReader implements RecordList {
  readonly #config: PollConfig;
  readonly #client: PlatformClient;
  readonly #context: AdapterContext;

  constructor(config: PollConfig, client: PlatformClient, context: AdapterContext) {
    this.#config = config;
    this.#client = client;
    this.#context = context;
  }

  async page(
    place: string | undefined,
    signal: AbortSignal,
  ): Promise<{ answer: unknown; records: readonly unknown[] }> {
    const answer = await this.#ask(this.#pageRequest(place), signal, MAX_PAGE_BYTES);
    // Many platforms say null where a list is empty.
    const records = this.#config.records === undefined ? answer : valueAt(answer, this.#config.records);
    if (records === null) return { answer, records: [] };
    if (!Array.isArray(records)) throw this.#broken('has no list of records where poll.records says');
    if (records.length > MAX_RECORDS) throw this.#broken(`has more than ${MAX_RECORDS} records; ask for smaller pages`);
    return { answer, records };
  }

  async acknowledge(key: string, record: unknown, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void> {
    await this.#ask(ackOf(this.#config.ack!, key, record, outcome, this.#client.base), signal, MAX_ACK_BYTES);
  }

  #pageRequest(place: string | undefined): ClientRequest {
    const { path, method = 'GET', query, body, pages } = this.#config;
    const parameter = pages && place !== undefined ? { [pages.name]: place } : {};
    const inBody = pages?.in === 'body';
    const url = below(this.#client.base, path, { ...query, ...(!inBody && parameter) })!;
    const request = { id: 'poll', url, method, headers: { accept: JSON_TYPE } };
    if (method === 'GET') return request;
    const bytes = Buffer.from(JSON.stringify({ ...body, ...(inBody && parameter) }));
    return { ...request, headers: { ...request.headers, 'content-type': JSON_TYPE }, body: bytes };
  }

  /** @returns the answer of a request that went well; undefined for an acknowledgement whose answer nobody judges */
  async #ask(request: ClientRequest, signal: AbortSignal, maxBytes: number): Promise<unknown> {
    const isList = maxBytes === MAX_PAGE_BYTES;
    const { success } = this.#config;
    const answer = await this.#client.send(request, signal, isList || success ? maxBytes : 0);
    const head = { status: answer.status, retryAfter: answer.headers['retry-after'] };
    const what = isList ? 'list' : 'acknowledgement';
    const failure = verdict(this.#client.host, head, this.#context.now(), what);
    if (failure) throw failure;
    if (!isList && !success) return undefined;
    const value = this.#read(answer);
    const said = success && valueAt(value, success.at);
    if (success && !success.is.some((one) => String(one) === String(said)))
      throw new PlatformError(
        true,
        `the platform at ${this.#client.host} answers the ${what} with a failure of its own`,
      );
    return value;
  }

  #read(answer: ClientAnswer): unknown {
    if (!answer.body) throw this.#broken('is too long; ask for smaller pages');
    try {
      return demandJson(answer.body, answer.headers);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw this.#broken(error.problems.map(({ message }) => message).join('; '));
    }
  }

  #broken(why: string): PlatformError {
    return new PlatformError(true, `the answer of the platform at ${this.#client.host} ${why}`);
  }
}
