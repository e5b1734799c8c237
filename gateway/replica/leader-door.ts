import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Address } from '../config/address.ts';
import { type Forwarded, MAX_LINE, readForwarded, TAKEN } from './forwarded.ts';
import { leaderTls } from './replica-tls.ts';
import { join } from './splice.ts';

/** Milliseconds for a handshake, and then for the line that says whose connection it is. */
const GREETING_MS = 5_000;
/** Connections that all replicas pass on together, at most. */
export const FORWARDED_AT_ONCE = 16_384;

export interface LeaderDoorOptions {
  readonly listen: Address;
  /** What all replicas of the region know. */
  readonly key: Buffer;
  /** Takes a connection of the API over; its address is the client's own. */
  readonly onHttp: (socket: Socket) => void;
  /** Where the gateway takes peers. */
  readonly peer: Address;
}

/** Where the leader takes the connections that came to a replica, its own included. */
export class LeaderDoor {
  readonly #options: LeaderDoorOptions;
  readonly #server: Server;

  constructor(options: LeaderDoorOptions) {
    this.#options = options;
    this.#server = createServer({
      ...leaderTls(options.key),
      handshakeTimeout: GREETING_MS,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
    });
    this.#server.maxConnections = FORWARDED_AT_ONCE;
    // Whoever does not know the key has not come to us.
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      void this.#greet(socket);
    });
  }

  /** @returns where it listens */
  async listen(): Promise<Address> {
    this.#server.listen(this.#options.listen);
    await once(this.#server, 'listening');
    const { address, port } = this.#server.address() as { address: string; port: number };
    return { host: address, port };
  }

  /** Takes nothing new; what was taken goes on. */
  close(): void {
    this.#server.close();
  }

  async #greet(socket: TLSSocket): Promise<void> {
    const late = setTimeout(() => socket.destroy(), GREETING_MS);
    const forwarded = await readLine(socket);
    clearTimeout(late);
    if (!forwarded) {
      socket.destroy();
      return;
    }
    socket.write(TAKEN);
    if (forwarded.door === 'http') this.#options.onHttp(asOf(socket, forwarded));
    else {
      const gateway = connect({ ...this.#options.peer, allowHalfOpen: true, noDelay: true });
      gateway.on('error', () => undefined);
      join(socket, gateway);
    }
  }
}

/** The line and nothing behind it: whoever passes a connection on waits for our word before it sends more. */
async function readLine(socket: TLSSocket): Promise<Forwarded | undefined> {
  let line = '';
  while (!line.endsWith('\n') && line.length < MAX_LINE) {
    const part: Buffer | null = socket.read();
    if (part) line += part.toString('latin1');
    else if (socket.readableEnded || socket.destroyed || !(await readableAgain(socket))) return undefined;
  }
  return readForwarded(line);
}

function readableAgain(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isReadable: boolean) => () => {
      for (const event of ['readable', 'end', 'close'] as const) socket.off(event, listeners[event]);
      resolve(isReadable);
    };
    const listeners = { readable: settle(true), end: settle(false), close: settle(false) };
    for (const event of ['readable', 'end', 'close'] as const) socket.once(event, listeners[event]);
  });
}

/** The API sees the client where it would see the replica, and no encryption that the client did not have. */
function asOf(socket: TLSSocket, { client, port }: Forwarded): Socket {
  return Object.defineProperties(socket, {
    remoteAddress: { value: client },
    remotePort: { value: port },
    remoteFamily: { value: client.includes(':') ? 'IPv6' : 'IPv4' },
    encrypted: { value: false },
  });
}
