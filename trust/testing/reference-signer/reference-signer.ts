import { type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { spkiOf } from '../../region/statement.ts';
import { publicJwkOf, type SuiteName, suiteOf } from '../../suites.ts';
import { TestAuthority } from './authority.ts';

/** What it may do instead of signing. */
export type Mischief =
  | 'hang' // takes the request and never answers
  | 'reset' // breaks the connection
  | 'wrong' // signs something else
  | 'garbage' // answers what is not JSON
  | 'huge' // answers without end
  | 'redirect'; // sends the caller elsewhere

export interface ReferenceSignerOptions {
  /** Bearer token that it demands; none unless told. */
  readonly token?: string;
  /** PEM certificate of the authority of clients; no client certificate is demanded unless told. */
  readonly clientAuthority?: string;
}

interface HeldKey {
  readonly suite: SuiteName;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

interface Reply {
  readonly status: number;
  readonly value: object;
}

const MAX_BODY_BYTES = 128 * 1024;

/**
 * A signature server (签名验签服务器) as docs/remote-signer.md wants it, over HTTPS on 127.0.0.1, with keys in memory. For
 * tests it can also misbehave in every way that counts. Must be closed.
 */
export class ReferenceSigner {
  /** PEM certificate of the authority that issued the server's. */
  readonly authority: string;
  /** Hex SHA-256 of the SubjectPublicKeyInfo of the server. */
  readonly spki: string;
  /** Requests that have arrived, by method and path. */
  readonly requests: string[] = [];
  /** What it does instead of signing, for as long as it is set. */
  mischief: Mischief | undefined;
  readonly #server: Server;
  readonly #options: ReferenceSignerOptions;
  readonly #keys = new Map<string, HeldKey>();
  #failures: number[] = [];
  #held: Promise<void> | undefined;

  /** @param port 0 for any free one */
  static async start(options: ReferenceSignerOptions = {}, port = 0): Promise<ReferenceSigner> {
    const authority = await TestAuthority.make();
    const { certificate, key } = await authority.issue('127.0.0.1');
    const { clientAuthority } = options;
    const demand = clientAuthority ? { ca: clientAuthority, requestCert: true, rejectUnauthorized: true } : {};
    const server = createServer({ cert: certificate, key, ...demand });
    const signer = new ReferenceSigner(
      server,
      options,
      authority.certificate,
      spkiOf(new X509Certificate(certificate)),
    );
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return signer;
  }

  private constructor(server: Server, options: ReferenceSignerOptions, authority: string, spki: string) {
    this.#server = server;
    this.#options = options;
    this.authority = authority;
    this.spki = spki;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}/`;
  }

  /** Makes a key. */
  addKey(id: string, suite: SuiteName): void {
    this.#keys.set(id, { suite, ...suiteOf(suite).generate() });
  }

  /** Answers the next requests with this status. */
  failNext(count: number, status = 503): void {
    this.#failures = Array.from({ length: count }, () => status);
  }

  /** Is slow: answers nothing until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    try {
      const body = await readBody(request);
      await this.#held;
      const failure = this.#failures.shift();
      if (failure !== undefined) say(response, { status: failure, value: { error: 'told to fail' } });
      else if (this.mischief) this.#misbehave(this.mischief, request, response);
      else say(response, this.#serve(request, body));
    } catch {
      response.destroy();
    }
  }

  #serve({ method, url, headers }: IncomingMessage, body: string): Reply {
    const { token } = this.#options;
    if (token !== undefined && headers.authorization !== `Bearer ${token}`)
      return { status: 401, value: { error: 'who are you?' } };
    if (method === 'GET' && url === '/v1/keys') return { status: 200, value: { keys: this.#list() } };
    const [, id] = /^\/v1\/keys\/([^/]+)\/signatures$/.exec(url ?? '') ?? [];
    const key = this.#keys.get(decodeURIComponent(id ?? ''));
    if (method !== 'POST' || !key) return { status: 404, value: { error: 'no such key' } };
    const { suite, data } = JSON.parse(body) as { suite: string; data: string };
    if (suite !== key.suite) return { status: 422, value: { error: 'the key is of another suite' } };
    return { status: 200, value: { signature: this.#sign(key, Buffer.from(data, 'base64')) } };
  }

  #list() {
    return [...this.#keys].map(([id, { suite, publicKey }]) => ({ id, suite, jwk: publicJwkOf(publicKey) }));
  }

  #sign({ suite, privateKey }: HeldKey, data: Uint8Array): string {
    return suiteOf(suite).sign(privateKey, data).toString('base64');
  }

  #misbehave(mischief: Mischief, request: IncomingMessage, response: ServerResponse): void {
    switch (mischief) {
      case 'hang':
        return;
      case 'reset':
        request.socket.destroy();
        return;
      case 'wrong': {
        const [key] = this.#keys.values();
        const signature = this.#sign(key!, Buffer.from('something else'));
        say(response, { status: 200, value: { keys: this.#list(), signature } });
        return;
      }
      case 'garbage':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"signature":');
        return;
      case 'huge':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('['.repeat(4 * 1024 * 1024));
        return;
      case 'redirect':
        response.writeHead(307, { location: `${this.url}elsewhere` }).end();
    }
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function say(response: ServerResponse, { status, value }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
