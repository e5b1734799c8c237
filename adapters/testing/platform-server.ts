import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Handler = (request: ReceivedRequest, response: ServerResponse) => void;

/** A platform on 127.0.0.1 that keeps every request and answers as it is told; 204 at first. */
export class PlatformServer {
  readonly requests: ReceivedRequest[] = [];
  handler: Handler = (_, response) => response.writeHead(204).end();
  readonly #server;

  /** @param tls plain HTTP when absent */
  constructor(tls?: ServerOptions) {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
  }

  /** @param port 0 for any free one */
  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const received = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.requests.push(received);
    this.handler(received, response);
  }
}
