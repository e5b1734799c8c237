import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CodedError } from '#proto';
import type { Target } from '../target.ts';

/** Milliseconds that the port may take to close, before we do: it owes strangers no answer. */
const PATIENCE_MS = 30;

/** What an HTTP/2 client begins with, and an empty SETTINGS frame. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
]);
/** HEADERS of a call without a certificate, too short to be any. */
const HEADERS = Buffer.concat([PREFACE, Buffer.from('00000501040000000182868441', 'hex')]);

/** Whether the gateway still answers, asked after each input. @throws Error when it does not */
export type Alive = () => Promise<void>;

/** The port for other regions, met by strangers: bytes instead of TLS, and within TLS bytes instead of gRPC. */
export async function peerPortTargets(endpoint: string, alive: Alive): Promise<Target[]> {
  const [host = '', port = ''] = endpoint.split(':');
  const raw = () => connect({ host, port: Number(port) });
  const tls = () => connectTls({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const target = (name: string, open: () => Socket, seeds: readonly Buffer[]): Target => ({
    name,
    seeds,
    take: async (input) => {
      const answered = await push(open, input as Buffer);
      await alive();
      if (!answered) throw new CodedError('PEER_UNKNOWN');
      return [];
    },
  });
  return [
    target('peer port bytes', raw, [await clientHello(), PREFACE, Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')]),
    target('peer port within TLS', tls, [PREFACE, HEADERS]),
  ];
}

/** @returns whether anything came back */
function push(open: () => Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = open();
    let answered = false;
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', () => {
      answered = true;
    });
    // To be cut off is an answer too.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(answered);
    });
    socket.write(bytes);
  });
}

/** What a TLS client begins with, as Node writes it. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ALPNProtocols: ['h2'] });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
