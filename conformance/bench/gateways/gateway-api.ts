import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json, text } from 'node:stream/consumers';

type Method = 'GET' | 'POST' | 'PUT';

/** The REST API of a gateway, over connections that stay open. */
export class GatewayApi {
  readonly url: string;
  readonly token: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  get<T>(path: string): Promise<T> {
    return this.#ask('GET', path);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#ask('POST', path, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.#ask('PUT', path, body);
  }

  /** Sends bytes as a file. */
  async upload<T>(path: string, file: Buffer): Promise<T> {
    const call = this.open('POST', path, { 'content-type': 'application/octet-stream', 'x-media-type': 'text/plain' });
    return (await json(await this.#answer(call.end(file)))) as T;
  }

  /** Opens a request whose body is written while its answer is read. */
  open(method: Method, path: string, headers: Record<string, string>): ClientRequest {
    return request(new URL(path, this.url), {
      method,
      agent: this.#agent,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
    });
  }

  /** Value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const lines = await text(await this.#answer(this.open('GET', '/metrics', {}).end()));
    const line = lines.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    if (!line) throw new Error(`the gateway has no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }

  /** The answer to a request. @throws Error with the gateway's own words when it is not a good one */
  async #answer(call: ClientRequest): Promise<IncomingMessage> {
    const answer = await answerTo(call);
    const { statusCode = 0 } = answer;
    if (statusCode < 200 || statusCode > 299) {
      throw new Error(`${call.method} ${call.path} was answered ${statusCode}: ${await text(answer)}`);
    }
    return answer;
  }

  async #ask<T>(method: Method, path: string, body?: object): Promise<T> {
    const call = this.open(method, path, body ? { 'content-type': 'application/json' } : {});
    const answer = await this.#answer(call.end(body && JSON.stringify(body)));
    return (await json(answer)) as T;
  }
}

/** The head of an answer; its body is still to be read. */
export function answerTo(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => call.once('response', resolve).once('error', reject));
}
