import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Random } from '../../fuzz/random.ts';

/** Of so many requests one is answered badly. */
const BAD_OF = 40;

type Answer = (response: ServerResponse) => void;

/** What a bad platform does with an event. */
const BAD: readonly Answer[] = [
  (response) => void response.writeHead(500).end(),
  // Never answers: the request ends by its own patience.
  () => {},
  (response) => void response.socket?.end('this is no HTTP\r\n\r\n'),
  (response) => void response.socket?.destroy(),
  (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('{'),
  (response) => void response.writeHead(503, { 'retry-after': 'tomorrow' }).end('x'.repeat(100_000)),
];

/** A platform that takes events by webhook, and often does not. Must be stopped by the caller. */
export class PoisonedPlatform {
  readonly url: string;
  readonly #server: Server;
  #isHealed = false;
  #onTold: (subject: string) => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/events`;
  }

  static async start(random: Random): Promise<PoisonedPlatform> {
    const server = createServer((request, response) => void platform.#take(request, response, random));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const platform = new PoisonedPlatform(server);
    return platform;
  }

  /** Told of the subject of every event that was taken. */
  onTold(listener: (subject: string) => void): void {
    this.#onTold = listener;
  }

  /** From now on it does what it should. */
  heal(): void {
    this.#isHealed = true;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse, random: Random): Promise<void> {
    response.on('error', () => {});
    try {
      const event = (await json(request)) as { subject: string };
      if (!this.#isHealed && random.once(BAD_OF)) {
        random.of(BAD)(response);
        return;
      }
      this.#onTold(event.subject);
      response.writeHead(204).end();
    } catch {
      // The gateway gave up in the middle of its request.
      response.destroy();
    }
  }
}
