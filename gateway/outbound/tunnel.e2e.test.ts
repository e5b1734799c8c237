import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer as createTlsServer, connect as dialTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { throwawayRegion } from '../../trust/testing/index.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const open: LiveRegion[] = [];
const folders: string[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await removeFolders(...folders.splice(0));
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** Joins two connections until either ends. */
function join2(one: Socket, other: Socket): void {
  for (const socket of [one, other]) sockets.add(socket);
  pipeline(one, other).catch(() => {});
  pipeline(other, one).catch(() => {});
}

/**
 * Two proxies, one at each end, with a TLS of their own between them, as TLCP proxies (国密代理) stand between two regions.
 *
 * @param inner keeps what passes inside the outer TLS, as a proxy could
 * @returns the port that the near proxy listens on
 */
async function proxies(target: number, inner: Buffer[]): Promise<number> {
  const { tls } = await throwawayRegion('110000');
  const identity = { cert: tls.certificatePem, key: tls.privateKeyPem };
  const far = createTlsServer({ ...identity, ca: [tls.certificatePem], requestCert: true }, (socket) => {
    socket.on('data', (bytes: Buffer) => inner.push(bytes));
    join2(socket, dial(target, '127.0.0.1'));
  });
  const farPort = await listening(far);
  const near = createServer((socket) => {
    const options = { ...identity, ca: [tls.certificatePem], checkServerIdentity: () => undefined };
    join2(socket, dialTls({ ...options, host: '127.0.0.1', port: farPort }));
  });
  return listening(near);
}

async function live(folder: string): Promise<LiveRegion> {
  const opened = await openLiveRegion(folder);
  open.push(opened);
  return opened;
}

async function folderOf(code: string): Promise<string> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  return folder;
}

const portOf = (region: LiveRegion) => Number(region.core.own.endpoint.split(':')[1]);

async function ping(from: LiveRegion, to: string): Promise<void> {
  const envelope = {
    peer: to,
    conversation: from.core.newId(),
    name: 'Ping',
    payload: { note: 'secret note' },
  } as const;
  await from.core.store.write((tx) => from.core.outbox.enqueue(tx, envelope));
}

describe('a proxy between two regions that has a channel of its own', () => {
  it('carries the exchange, sees nothing of it, and the pins still hold from gateway to gateway', async () => {
    const uxin = await live(await folderOf('150626'));
    const seen: Buffer[] = [];
    const near = await proxies(portOf(uxin), seen);
    const nantong = await live(await dialVia(await folderOf('320600'), '150626', near));
    await pinEachOther(nantong, uxin);
    await ping(nantong, '150626');
    await until('the receipt', () => nantong.core.outbox.pending('150626') === 0);
    expect(await nantong.core.store.read.all('SELECT state, code FROM outbox')).toEqual([
      { state: 'accepted', code: '' },
    ]);
    const passed = Buffer.concat(seen);
    expect(passed.length).toBeGreaterThan(500);
    expect(passed.includes('secret note')).toBe(false);
    expect(passed.includes('tongban.v1')).toBe(false);
  });

  it('that leads to another gateway than the pinned one carries nothing', async () => {
    const [uxin, other] = [await live(await folderOf('150626')), await live(await folderOf('653125'))];
    const near = await proxies(portOf(other), []);
    const nantong = await live(await dialVia(await folderOf('320600'), '150626', near));
    await pinEachOther(nantong, uxin);
    await pinEachOther(nantong, other);
    await until('the real peer is connected', () => nantong.wire.dispatcher.link('653125')!.connected);
    await ping(nantong, '150626');
    await ping(nantong, '653125');
    await until('the receipt of the other', () => nantong.core.outbox.pending('653125') === 0);
    expect(nantong.wire.dispatcher.link('150626')!.connected).toBe(false);
    expect(nantong.core.outbox.pending('150626')).toBe(1);
    expect(await uxin.core.store.read.all('SELECT id FROM inbox')).toEqual([]);
  });
});

/** Makes a region dial a peer at a port of this machine. */
async function dialVia(folder: string, peer: string, port: number): Promise<string> {
  const file = join(folder, 'gateway.yaml');
  const config = await readFile(file, 'utf8');
  const changed = config.replace(
    /^( +)endpoint: .*$/m,
    (line, indent) => `${line}\n${indent}via: { "${peer}": "127.0.0.1:${port}" }`,
  );
  if (changed === config) throw new Error('the config has no endpoint');
  await writeFile(file, changed);
  return folder;
}
