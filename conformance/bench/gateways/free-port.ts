import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that a system gives to connections by itself: none of these takes a port while its gateway is restarted. */
const PORTS = [10_000, 30_000] as const;
const TRIES = 50;
/** Nobody may listen yet on a port that was given. */
const given = new Set<number>();

/** A port of the loopback interface that is free now, and that no connection takes. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(...PORTS);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}
