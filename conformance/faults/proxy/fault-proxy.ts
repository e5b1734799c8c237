import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a network does to what passes over it. */
export type Weather =
  | { readonly kind: 'fair' }
  /** Nobody gets through, and whoever is through is cut off. */
  | { readonly kind: 'cut' }
  /** Connections stay open, and nothing that is said on them arrives; those that lived through it never work again. */
  | { readonly kind: 'black-hole' }
  /** Bytes per second in each direction of each connection, and milliseconds by which each piece of them is later still. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number; readonly delayMs: number };

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  isSwallowed: boolean;
}

/** Pieces in which a slow connection passes bytes on. */
const PIECE_BYTES = 4096;

/** A way from one gateway to another that has weather. Must be stopped by the caller. */
export class FaultProxy {
  /** `host:port` to dial. */
  readonly endpoint: string;
  readonly #server: Server;
  readonly #pairs: Set<Pair>;
  #weather: Weather = { kind: 'fair' };

  private constructor(server: Server, pairs: Set<Pair>) {
    this.#server = server;
    this.#pairs = pairs;
    const { port } = server.address() as { port: number };
    this.endpoint = `127.0.0.1:${port}`;
  }

  /** @param targets each a `host:port` that is behind it; they take turns, and one that is away is passed over */
  static async start(...targets: readonly string[]): Promise<FaultProxy> {
    const pairs = new Set<Pair>();
    let turn = 0;
    // A network does not wait for more bytes before it passes some on; Nagle's algorithm would.
    const server = createServer({ noDelay: true }, async (near) => {
      // Whoever dials may give up while we do.
      near.on('error', () => {});
      const isSwallowed = proxy.#weather.kind === 'black-hole';
      turn += 1;
      const far = await dialOne([...targets.slice(turn % targets.length), ...targets.slice(0, turn % targets.length)]);
      if (far) proxy.#join(near, far, isSwallowed);
      else near.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const proxy = new FaultProxy(server, pairs);
    return proxy;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  change(weather: Weather): void {
    this.#weather = weather;
    if (weather.kind === 'cut') this.cut();
    if (weather.kind === 'black-hole') for (const pair of this.#pairs) pair.isSwallowed = true;
  }

  /** Cuts every connection, in the middle of whatever it says. */
  cut(): void {
    for (const pair of this.#pairs) end(pair);
  }

  async stop(): Promise<void> {
    this.change({ kind: 'cut' });
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket, isSwallowed: boolean): void {
    const pair: Pair = { near, far, isSwallowed: isSwallowed || this.#weather.kind === 'black-hole' };
    this.#pairs.add(pair);
    for (const socket of [near, far]) {
      // To be cut off is what this is for.
      socket.on('error', () => {});
      socket.on('close', () => {
        // The other end of a swallowed connection hears nothing of it.
        if (!pair.isSwallowed) end(pair);
        if (near.destroyed && far.destroyed) this.#pairs.delete(pair);
      });
    }
    if (this.#weather.kind === 'cut' || near.destroyed) {
      end(pair);
      return;
    }
    void this.#pass(pair, near, far);
    void this.#pass(pair, far, near);
  }

  async #pass(pair: Pair, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const bytes of from as AsyncIterable<Buffer>) await this.#passOn(pair, bytes, to);
      if (!pair.isSwallowed) to.end();
    } catch {
      // One of them was cut off; 'close' does the rest.
    }
  }

  async #passOn(pair: Pair, bytes: Buffer, to: Socket): Promise<void> {
    let rest = bytes;
    while (rest.length > 0 && !to.destroyed) {
      if (pair.isSwallowed) return;
      const weather = this.#weather;
      const piece = weather.kind === 'slow' ? rest.subarray(0, PIECE_BYTES) : rest;
      if (weather.kind === 'slow') await pause(weather.delayMs + (piece.length / weather.bytesPerSecond) * 1000);
      if (pair.isSwallowed) return;
      rest = rest.subarray(piece.length);
      if (!to.write(piece)) await drained(to);
    }
  }
}

/** @returns the first that answers; undefined when none does */
async function dialOne(targets: readonly string[]): Promise<Socket | undefined> {
  for (const target of targets) {
    const [host, port] = target.split(':') as [string, string];
    const socket = connect({ port: Number(port), host, noDelay: true });
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isThere) return socket;
  }
  return undefined;
}

function end({ near, far }: Pair): void {
  near.destroy();
  far.destroy();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
