import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '#trust';
import { PlatformEvents } from '../platform/platform-events.ts';
import { httpBench } from '../platform/testing/platform-bench.ts';
import { testNews } from '../platform/testing/test-gateway.ts';
import { apiOf } from '../testing/api-region.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { codedError, PeerClient } from './peer-client.ts';

const FAST = '150626';
const SLOW = '350500';
/** A run beside what is slow may take this many times as long as one alone, and a second: other tests run too. */
const RATIO = 4;

const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function region(code: string, changes: readonly (readonly [RegExp, string])[] = []): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  closing.push(() => removeFolders(folder));
  const file = join(folder, 'gateway.yaml');
  let text = await readFile(file, 'utf8');
  for (const [pattern, replacement] of changes) text = text.replace(pattern, replacement);
  await writeFile(file, text);
  const live = await openLiveRegion(folder);
  closing.push(() => live.stop());
  return live;
}

const limits = (words: string) => [/$/, `\nlimits: { ${words} }\n`] as const;
const via = (code: string, port: number) =>
  [/^peer:\n/m, `peer:\n  via: { "${code}": "127.0.0.1:${port}" }\n`] as const;

interface BlackHole {
  readonly port: number;
  /** Where what passes goes. */
  target: number;
  /** Takes everything from now on and passes nothing on, as a line that broke without a word. */
  swallow(): void;
}

async function blackHole(): Promise<BlackHole> {
  const sockets = new Set<Socket>();
  let open = true;
  const hole: BlackHole = {
    port: 0,
    target: 0,
    swallow: () => {
      open = false;
      for (const socket of sockets) socket.unpipe().resume();
    },
  };
  const server: Server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => {});
    if (!open) return void near.resume();
    const far = dial(hole.target, '127.0.0.1');
    sockets.add(far);
    far.on('error', () => {});
    near.pipe(far).pipe(near);
  });
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(hole, { port: (server.address() as { port: number }).port });
}

function send({ core }: LiveRegion, peer: string, count: number): Promise<unknown> {
  const conversations = Array.from({ length: 50 }, () => core.newId());
  const outgoing = (n: number) => {
    return { peer, conversation: conversations[n % 50]!, name: 'Ping', payload: { note: '' } } as const;
  };
  const sent = Array.from({ length: count }, (_, n) => core.store.write((tx) => core.outbox.enqueue(tx, outgoing(n))));
  return Promise.all(sent);
}

async function connected({ wire }: LiveRegion, to: string): Promise<void> {
  await until(`the connection to ${to}`, () => wire.dispatcher.link(to)?.connected === true);
}

async function emptied(from: LiveRegion, to: string): Promise<void> {
  await until(`everything to be taken by ${to}`, () => from.core.outbox.pending(to) === 0, 60_000);
}

describe('a peer that is a black hole and a platform that is dead', () => {
  it('slow down only themselves, and what waits for them is bounded', async () => {
    const hole = await blackHole();
    const nantong = await region('320600', [via(SLOW, hole.port), limits('outbox_per_peer: 3000')]);
    const [fast, slow] = [await region(FAST), await region(SLOW)];
    hole.target = Number(slow.core.own.endpoint.split(':')[1]);
    for (const peer of [fast, slow]) await pinEachOther(nantong, peer);
    for (const code of [FAST, SLOW]) await connected(nantong, code);
    const timed = async () => {
      const start = performance.now();
      await send(nantong, FAST, 1500);
      await emptied(nantong, FAST);
      return performance.now() - start;
    };
    await timed();
    const alone = await timed();

    hole.swallow();
    await send(nantong, SLOW, 3000);
    await expect(send(nantong, SLOW, 1)).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    const dead = await httpBench();
    closing.push(() => dead.close());
    dead.server.handler = () => {};
    const { platforms } = nantong.services;
    await platforms.start([dead.config]);
    closing.push(() => platforms.stop());
    const events = new PlatformEvents(nantong.core);
    events.listen(() => {});
    await nantong.core.store.write(async (tx) => {
      for (let n = 0; n < 500; n += 1) await events.emit(tx, testNews(nantong.core.newId(), Date.now()));
    });
    const beside = await timed();
    expect(beside).toBeLessThan(RATIO * alone + 1000);
    expect(nantong.core.outbox.pending(SLOW)).toBe(3000);
    expect(nantong.wire.dispatcher.link(SLOW)!.inFlight).toBeLessThanOrEqual(2);
    expect((await platforms.health())[0]).toMatchObject({ behind: 500 });
    expect(await fast.core.store.read.get('SELECT count(*) AS n FROM inbox')).toEqual({ n: 4500 });
  });
});

describe('a gateway with enough to do', () => {
  it('says so at the REST door with 429 and Retry-After, and keeps nothing', async () => {
    const nantong = await region('320600', [limits('outbox_per_peer: 2')]);
    const uxin = await region(FAST);
    await pinEachOther(nantong, uxin);
    await connected(nantong, FAST);
    await uxin.core.peers.remove('320600');
    await until('the end', () => nantong.wire.dispatcher.link(FAST)?.connected === false);
    const api = await apiOf(nantong);
    closing.push(() => api.close(0));
    const ping = async () => {
      const headers = { authorization: await api.bearer('operator') };
      return api.app.inject({ method: 'POST', url: `/v1/peers/${FAST}/ping`, headers, payload: {} });
    };
    for (let n = 0; n < 2; n += 1) expect((await ping()).statusCode).toBe(202);
    const full = await ping();
    expect(full.json()).toMatchObject({ status: 429, code: 'BACK_PRESSURE' });
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
    expect(await nantong.core.store.read.get('SELECT count(*) AS n FROM outbox')).toEqual({ n: 2 });
    await pinEachOther(nantong, uxin);
    await emptied(nantong, FAST);
    expect((await ping()).statusCode).toBe(202);
  });

  it('says so at the peer port with RESOURCE_EXHAUSTED, and who is told comes back ever later', async () => {
    const [nantong, uxin] = [await region('320600'), await region(FAST, [limits('streams_per_peer: 1')])];
    await pin(uxin, nantong);
    const client = new PeerClient(uxin.core.own, nantong.core.keyring.tls, nantong.core.clock);
    closing.push(() => client.close());
    const taken = client.exchange();
    taken.on('error', () => {});
    taken.write({ hello: { protocol: 1, region: '320600' } });
    await once(taken, 'data');
    const [refused] = await once(client.exchange(), 'error');
    expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(codedError(refused).code).toBe('BACK_PRESSURE');

    await send(nantong, FAST, 1);
    await pin(nantong, uxin);
    const refusals = async () => {
      const lines = (await uxin.core.metrics.text()).split('\n');
      return Number(lines.find((line) => line.includes('refusals_total{code="BACK_PRESSURE"}'))?.split(' ')[1] ?? 0);
    };
    await until('the first refusal of the link', async () => (await refusals()) >= 2);
    const first = performance.now();
    await until('three more', async () => (await refusals()) >= 5);
    // At least half of 100, 200 and 400 ms.
    expect(performance.now() - first).toBeGreaterThan(300);
    expect(nantong.core.outbox.pending(FAST)).toBe(1);
    taken.cancel();
    await emptied(nantong, FAST);
  });
});

async function pin(here: LiveRegion, there: LiveRegion): Promise<void> {
  await here.core.peers.pin(there.core.own.jwt, fingerprintOf(there.core.own.identity));
}
