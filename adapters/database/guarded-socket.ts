import { type LookupFunction, Socket } from 'node:net';

/** A socket that looks names up in a way of its own, whoever connects it. */
export function guardedSocket(lookup: LookupFunction): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket);
  socket.connect = ((port: number, host: string) => connect({ port, host, lookup })) as typeof socket.connect;
  return socket;
}
