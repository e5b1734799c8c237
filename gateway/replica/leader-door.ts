import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Address } from '../config/address.ts';
import { Connections } from '../door/connections.ts';
import { type Forwarded, MAX_LINE, readForwarded, TAKEN } from './forwarded.ts';
import { leaderTls } from './replica-tls.ts';
import { join } from './splice.ts';

/** Milliseconds for a handshake, and then for the line that says whose connection it is. */
const GREETING_MS = 5_000;
/** Connections that all replicas pass on together, at most. */
export const FORWARDED_AT_ONCE = 16_384;
/**
 * Those of one address that have not shown that they know the key: after a takeover a replica brings all that waited at
 * both its doors at once.
 */
export const UNPROVEN_PER_ADDRESS = 4_096;

export interface LeaderDoorOptions {
  readonly listen: Address;
  /** What all replicas of the region know. */
  readonly key: Buffer;
  /** Takes a connection of the API over; its address is the client's own. */
  readonly onHttp: (socket: Socket) => void;
  /** Where the gateway takes peers. */
  readonly peer: Address;
  /** {@link GREETING_MS} when absent. */
  readonly greetingMs?: number;
  /** {@link UNPROVEN_PER_ADDRESS} when absent. */
  readonly unprovenPerAddress?: number;
}

/** Where the leader takes the connections that came to a replica, its own included. */
export class LeaderDoor {
  readonly #options: LeaderDoorOptions;
  readonly #greetingMs: number;
  readonly #connections: Connections;
  readonly #tls: TlsServer;
  readonly #tcp: Server;
  #isClosed = false;

  constructor(options: LeaderDoorOptions) {
    this.#options = options;
    const { greetingMs = GREETING_MS, unprovenPerAddress: perCaller = UNPROVEN_PER_ADDRESS } = options;
    this.#greetingMs = greetingMs;
    this.#connections = new Connections({ total: FORWARDED_AT_ONCE, perCaller });
    this.#tls = createTlsServer({ ...leaderTls(options.key), handshakeTimeout: greetingMs, allowHalfOpen: true });
    // Whoever does not know the key has not come to us. A handshake that takes too long is only told of: its connection
    // stays until somebody ends it.
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#tls.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      if (this.#connections.recognise(socket, '')) void this.#greet(socket);
    });
    this.#tcp = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
      if (this.#connections.admit(socket)) this.#tls.emit('connection', socket);
    });
  }

  /** @returns where it listens */
  async listen(): Promise<Address> {
    this.#tcp.listen(this.#options.listen);
    await once(this.#tcp, 'listening');
    const { address, port } = this.#tcp.address() as { address: string; port: number };
    return { host: address, port };
  }

  /** Takes nothing new, nor who has come and is not taken yet: a replica asks the next leader. What was taken goes on. */
  close(): void {
    this.#isClosed = true;
    this.#tcp.close();
  }

  async #greet(socket: TLSSocket): Promise<void> {
    const late = setTimeout(() => socket.destroy(), this.#greetingMs);
    const forwarded = await readLine(socket);
    clearTimeout(late);
    if (!forwarded || this.#isClosed) {
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
