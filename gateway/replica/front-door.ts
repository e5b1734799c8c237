import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#proto';
import { PROBLEM_JSON, problemAnswer } from '../api/problem.ts';
import type { Address } from '../config/address.ts';
import { type ConnectionLimits, Connections } from '../door/connections.ts';
import { dialLeader } from './dial-leader.ts';
import type { Door } from './forwarded.ts';
import { join } from './splice.ts';

/** Milliseconds that a connection waits for a leader; a takeover is done by then. */
const WAIT_MS = 10_000;
/** Milliseconds after which a leader that did not answer is dialled again. */
const AGAIN_MS = 200;
/**
 * Milliseconds at the end: all connections are cut after it, and before it each one that was silent for so long and on which
 * nobody waits for an answer.
 */
const GRACE_MS = 10_000;
const SILENT_MS = 2_000;

/** Where connections are passed on to. */
export interface LeaderPlace {
  readonly term: string;
  readonly address: Address;
}

export interface FrontDoorOptions {
  readonly door: Door;
  /** Clients wait for a handshake: nothing can be said to them while nobody leads. */
  readonly isTls?: boolean;
  readonly connections: ConnectionLimits;
  /** Addresses that bring many clients. */
  readonly isExempt: (address: string) => boolean;
  /** What all replicas of the region know. */
  readonly key: Buffer;
  /** Milliseconds that a connection waits for a leader; {@link WAIT_MS} when absent. */
  readonly waitMs?: number;
  /** Milliseconds of silence; {@link SILENT_MS} when absent. */
  readonly silentMs?: number;
}

/** A connection that the leader of a term has taken. */
interface Passed {
  readonly term: string;
  readonly client: Socket;
  readonly leader: Socket;
  /** The client spoke last: it waits for an answer. */
  isAsked: boolean;
}

/**
 * One of the two doors as clients and peers meet it at any replica: it takes every connection and passes it on to the
 * leader, byte for byte. When another leads, connections to the one before are cut: nobody there would answer them.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #passed = new Set<Passed>();
  readonly #waiting = new Set<Socket>();
  #place: LeaderPlace | undefined;
  #followed = new AbortController();
  #isClosed = false;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
    this.#connections = new Connections(options.connections, options.isExempt);
    this.#server.on('connection', (client) => {
      if (this.#connections.admit(client)) void this.#take(client);
    });
  }

  /** @returns where it listens */
  async listen(address: Address): Promise<Address> {
    this.#server.listen(address);
    await once(this.#server, 'listening');
    const bound = this.#server.address() as { address: string; port: number };
    return { host: bound.address, port: bound.port };
  }

  /** Passes everything on to this leader from now on; to nobody when there is none. */
  follow(place: LeaderPlace | undefined): void {
    if (place?.term === this.#place?.term) return;
    this.#place = place;
    for (const { term, client, leader } of this.#passed)
      if (term !== place?.term) {
        client.destroy();
        leader.destroy();
      }
    this.#followed.abort();
    this.#followed = new AbortController();
  }

  /** Takes nothing new, lets what is under way end, and cuts off what does not. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#server.close();
    for (const client of this.#waiting) client.destroy();
    const { silentMs = SILENT_MS } = this.#options;
    let before = new Map<Passed, number>();
    for (let left = GRACE_MS; left > 0 && this.#passed.size > 0; left -= silentMs) {
      const now = new Map([...this.#passed].map((one) => [one, one.client.bytesRead + one.leader.bytesRead]));
      for (const [one, bytes] of now) if (before.get(one) === bytes && !one.isAsked) one.client.destroy();
      before = now;
      await pause(silentMs);
    }
    for (const { client } of this.#passed) client.destroy();
  }

  async #take(client: Socket): Promise<void> {
    client.on('error', () => undefined);
    this.#waiting.add(client);
    const leader = await this.#leaderFor(client);
    this.#waiting.delete(client);
    if (leader) this.#pass(client, leader.socket, leader.term);
    else if (this.#options.door === 'http' && !this.#options.isTls && !client.destroyed) client.end(UNAVAILABLE);
    else client.destroy();
  }

  /** @returns a connection to the leader; undefined when there was none in time, or the client is gone */
  async #leaderFor(client: Socket): Promise<{ socket: Socket; term: string } | undefined> {
    const { door, key, waitMs = WAIT_MS } = this.#options;
    const late = AbortSignal.timeout(waitMs);
    const { remoteAddress, remotePort } = client;
    while (remoteAddress !== undefined && remotePort !== undefined && !client.destroyed && !this.#isClosed) {
      const place = this.#place;
      if (place) {
        const from = { door, client: plain(remoteAddress), port: remotePort };
        const socket = await dialLeader(place.address, key, from).catch(() => undefined);
        if (socket && place.term === this.#place?.term && !client.destroyed) return { socket, term: place.term };
        socket?.destroy();
      }
      if (late.aborted) return undefined;
      await pause(AGAIN_MS, undefined, { signal: this.#followed.signal }).catch(() => undefined);
    }
    return undefined;
  }

  #pass(client: Socket, leader: Socket, term: string): void {
    const passed = { term, client, leader, isAsked: false };
    this.#passed.add(passed);
    for (const side of [client, leader])
      side.on('data', () => {
        passed.isAsked = side === client;
      });
    client.once('close', () => this.#passed.delete(passed));
    join(client, leader);
  }
}

/** A socket that takes both families shows IPv4 in the form of IPv6 (RFC 4291 section 2.5.5.2). */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
}

/** What a client of the API is told while no replica leads. */
const UNAVAILABLE = (() => {
  const { status, body, headers } = problemAnswer(new CodedError('TRY_LATER', 'no replica leads now; try again'));
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} Service Unavailable`,
    `content-type: ${PROBLEM_JSON}`,
    `content-length: ${Buffer.byteLength(text)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
})();
