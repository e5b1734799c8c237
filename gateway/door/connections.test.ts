import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { callerOf } from './caller.ts';
import { Connections } from './connections.ts';

const LOOKS = { remoteAddress: { value: '192.0.2.7' }, remotePort: { value: 50_000 } };

let server: Server;
let connections: Connections;
const clients: Socket[] = [];
const admitted: Socket[] = [];

beforeEach(async () => {
  connections = new Connections({ total: 4, perCaller: 2 }, (address) => address === '127.0.0.9');
  server = createServer((socket) => {
    if (connections.admit(socket)) admitted.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of [...clients.splice(0), ...admitted.splice(0)]) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** Connects from an address of the loopback network. @returns whether the door keeps the connection */
async function dial(localAddress = '127.0.0.1'): Promise<boolean> {
  const before = admitted.length;
  const client = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', localAddress });
  clients.push(client);
  client.on('error', () => undefined);
  const closed = once(client, 'close').then(() => false);
  const kept = expect.poll(() => admitted.length, { interval: 2 }).toBeGreaterThan(before);
  kept.catch(() => undefined);
  return Promise.race([closed, kept.then(() => true)]);
}

test('an address has so many connections and no more, until one of them ends', async () => {
  expect([await dial(), await dial(), await dial()]).toEqual([true, true, false]);
  expect(await dial('127.0.0.2')).toBe(true);
  admitted[0]!.destroy();
  await once(clients[0]!, 'close');
  expect([await dial(), await dial()]).toEqual([true, false]);
});

test('all addresses together have so many connections', async () => {
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']) expect(await dial(address)).toBe(true);
  expect(await dial('127.0.0.6')).toBe(false);
  admitted[2]!.destroy();
  await once(clients[2]!, 'close');
  expect(await dial('127.0.0.6')).toBe(true);
});

test('an address that brings many callers counts in the total only', async () => {
  for (let n = 0; n < 4; n += 1) expect(await dial('127.0.0.9')).toBe(true);
  expect(await dial('127.0.0.9')).toBe(false);
});

test('a caller that is recognised counts by itself, and no longer for its address', async () => {
  await dial();
  await dial();
  expect(connections.recognise(admitted[0]!, 'peer')).toBe(true);
  expect(connections.recognise(admitted[1]!, 'peer')).toBe(true);
  expect(await dial()).toBe(true);
  expect(connections.recognise(admitted[2]!, 'peer')).toBe(false);
  await once(clients[2]!, 'close');
  admitted[0]!.destroy();
  await once(clients[0]!, 'close');
  expect(await dial()).toBe(true);
  expect(connections.recognise(admitted[3]!, 'peer')).toBe(true);
});

test('two connections that look the same count apart, and not at all when they have ended', async () => {
  const same = () => Object.defineProperties(new Socket(), LOOKS);
  for (let round = 0; round < 3; round += 1) {
    const sockets = [same(), same(), same()];
    expect(sockets.map((socket) => connections.admit(socket))).toEqual([true, true, false]);
    expect(connections.recognise(sockets[1]!, 'peer')).toBe(true);
    const ends = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.destroy();
    await Promise.all(ends);
  }
  expect(connections.admit(new Socket().destroy())).toBe(false);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2::1', '2001:db8:1:2'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2'],
  ['2001:0db8:0001:0002:3::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is counted as %s', (address, caller) => {
  expect(callerOf(address)).toBe(caller);
});
