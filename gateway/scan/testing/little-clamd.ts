import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** The harmless text that every scanner flags, in two parts, so that none flags this file. */
export const EICAR = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$${'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'}`;

/** A scanner that speaks the protocol of clamd (INSTREAM) and knows one sign of malware. Must be stopped by the caller. */
export interface LittleClamd {
  readonly port: number;
  /** Sizes of the files that came, bytes. */
  readonly scanned: number[];
  /** What it says instead of a verdict, whatever the file or to this one; empty for nothing at all. */
  say: string | ((file: Buffer) => string | undefined) | undefined;
  stop(): Promise<void>;
}

/** @param options.limit bytes of a stream, as StreamMaxLength of clamd */
export async function startClamd(options: { port?: number; path?: string; limit?: number } = {}): Promise<LittleClamd> {
  const sockets = new Set<Socket>();
  const clamd: LittleClamd = { port: 0, scanned: [], say: undefined, stop };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket).catch(() => socket.destroy());
  });
  server.listen(options.path ? { path: options.path } : { port: options.port ?? 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = (options.path ? { port: 0 } : server.address()) as AddressInfo;
  return Object.assign(clamd, { port });

  async function serve(socket: Socket): Promise<void> {
    let rest = Buffer.alloc(0);
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const data of socket.iterator({ destroyOnReturn: false })) {
      rest = Buffer.concat([rest, data]);
      if (size === 0 && pieces.length === 0 && rest.includes('zINSTREAM\0')) rest = rest.subarray(10);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
        const length = rest.readUInt32BE();
        if (length === 0) return void socket.end(answer(Buffer.concat(pieces)));
        pieces.push(rest.subarray(4, 4 + length));
        rest = rest.subarray(4 + length);
        size += length;
        if (size > (options.limit ?? Number.POSITIVE_INFINITY))
          return void socket.end('INSTREAM size limit exceeded. ERROR\0');
      }
    }
  }

  function answer(file: Buffer): string {
    clamd.scanned.push(file.length);
    const said = typeof clamd.say === 'function' ? clamd.say(file) : clamd.say;
    if (said !== undefined) return said;
    return file.includes(EICAR) ? 'stream: Eicar-Test-Signature FOUND\0' : 'stream: OK\0';
  }

  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
}
