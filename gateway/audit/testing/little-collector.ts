import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A collector of logs that keeps what it takes. Must be stopped by the caller. */
export interface LittleCollector {
  readonly port: number;
  readonly messages: string[];
  /** Connections that ended without their messages. */
  readonly broken: () => number;
  stop(): Promise<void>;
}

/** Over TCP, or over TLS with a certificate: messages by their count of octets (RFC 6587, 3.4.1). */
export async function startCollector(options: {
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Breaks each connection off after so many octets, without a word. */
  readonly breaksAfter?: number;
}): Promise<LittleCollector> {
  const messages: string[] = [];
  let broken = 0;
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data as Buffer]);
      if (options.breaksAfter === undefined || received.length <= options.breaksAfter) return;
      broken += 1;
      socket.resetAndDestroy();
    });
    socket.on('end', () => {
      messages.push(...split(received));
      socket.end();
    });
  };
  const server: Server = options.tls
    ? createTlsServer(options.tls, serve)
    : createServer({ allowHalfOpen: true }, serve);
  server.on('tlsClientError', () => {
    broken += 1;
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    broken: () => broken,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Over UDP (RFC 5426): a message a datagram. */
export async function startDatagramCollector(): Promise<LittleCollector> {
  const messages: string[] = [];
  const socket = createSocket('udp4', (message) => void messages.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, messages, broken: () => 0, stop: async () => void socket.close() };
}

function split(stream: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < stream.length; ) {
    const space = stream.indexOf(' ', at);
    const length = Number(stream.toString('ascii', at, space));
    messages.push(stream.toString('utf8', space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return messages;
}
