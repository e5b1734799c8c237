import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

let echo: Server;
let heard: string;
let proxy: FaultProxy;

beforeEach(async () => {
  heard = '';
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes;
      socket.write(bytes);
    });
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultProxy.start(`127.0.0.1:${(echo.address() as { port: number }).port}`);
});

afterEach(async () => {
  await proxy.stop();
  echo.close();
});

async function dial(): Promise<Socket> {
  const [host, port] = proxy.endpoint.split(':') as [string, string];
  const socket = connect(Number(port), host);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function echoOf(socket: Socket, text: string): Promise<string> {
  let answer = '';
  const whole = Promise.withResolvers<void>();
  const take = (bytes: Buffer) => {
    answer += bytes;
    if (answer.length >= text.length) whole.resolve();
  };
  socket.on('data', take);
  socket.write(text);
  await whole.promise;
  socket.off('data', take);
  return answer;
}

describe('a proxy with weather', () => {
  it('passes everything on when it is fair, and slowly when it is slow', async () => {
    const socket = await dial();
    expect(await echoOf(socket, 'hello')).toBe('hello');
    proxy.change({ kind: 'slow', bytesPerSecond: 1_000_000, delayMs: 20 });
    const text = 'x'.repeat(10_000);
    const start = performance.now();
    expect(await echoOf(socket, text)).toBe(text);
    // Three pieces each way, each at least as late as the first.
    expect(performance.now() - start).toBeGreaterThan(70);
  });

  it('cuts those that are through and lets nobody else through', async () => {
    const socket = await dial();
    expect(await echoOf(socket, 'one')).toBe('one');
    proxy.change({ kind: 'cut' });
    await once(socket, 'close');
    await once(await dial(), 'close');
    expect(heard).toBe('one');
    proxy.change({ kind: 'fair' });
    expect(await echoOf(await dial(), 'two')).toBe('two');
  });

  it('swallows what is said, for ever on the connections that were there', async () => {
    const old = await dial();
    expect(await echoOf(old, 'before')).toBe('before');
    proxy.change({ kind: 'black-hole' });
    const within = await dial();
    for (const socket of [old, within]) socket.write('lost');
    proxy.change({ kind: 'fair' });
    const fresh = await dial();
    expect(await echoOf(fresh, 'after')).toBe('after');
    old.write('lost too');
    expect(await echoOf(fresh, 'last')).toBe('last');
    expect(heard).toBe('beforeafterlast');
    expect([old.destroyed, within.destroyed]).toEqual([false, false]);
  });

  it('passes over who is away', async () => {
    const { port } = echo.address() as { port: number };
    const balancer = await FaultProxy.start('127.0.0.1:1', `127.0.0.1:${port}`);
    const direct = proxy;
    proxy = balancer;
    for (const word of ['one', 'two', 'three']) expect(await echoOf(await dial(), word)).toBe(word);
    await direct.stop();
  });
});
