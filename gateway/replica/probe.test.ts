import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { openProbe, type Probe } from './probe.ts';
import type { ReplicaState } from './replica-state.ts';

const STATE: ReplicaState = { name: 'a', role: 'standby', leader: { name: 'b', since: 1 }, ready: true };

let probe: Probe;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await probe.close();
});

async function open(requestMs?: number): Promise<void> {
  probe = await openProbe({ host: '127.0.0.1', port: 0 }, () => STATE, requestMs);
}

async function silent(localAddress: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: probe.address.port, localAddress });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function ask(localAddress: string): Promise<unknown> {
  const asked = request({ host: '127.0.0.1', port: probe.address.port, path: '/readyz', localAddress, agent: false });
  const [answer] = await once(asked.end(), 'response');
  return json(answer);
}

it('answers whoever asks, however many are silent, at this address or others', async () => {
  await open();
  for (let n = 0; n < 100; n += 1) await silent(`127.0.0.${2 + (n % 10)}`);
  expect(await ask('127.0.0.2')).toEqual(STATE);
  expect(await ask('127.0.0.20')).toEqual(STATE);
  const open64 = () => sockets.filter((socket) => !socket.closed).length;
  await expect.poll(open64).toBeLessThanOrEqual(64);
  expect(open64()).toBeGreaterThan(60);
});

it('holds few connections of one address, and ends the one that was silent longest', async () => {
  await open();
  const elsewhere = await silent('127.0.0.3');
  const first = await silent('127.0.0.2');
  const second = await silent('127.0.0.2');
  first.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(first, 'data');
  const ended = once(second, 'close');
  for (let n = 0; n < 15; n += 1) await silent('127.0.0.2');
  await ended;
  expect([elsewhere.closed, first.closed]).toEqual([false, false]);
});

it('waits for no request that never comes', async () => {
  await open(200);
  const socket = await silent('127.0.0.2');
  socket.resume();
  await once(socket, 'close');
});
