import { createServer, type Server } from 'node:net';
import { credentials, Metadata } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { CheckClient, LIMITS, type PayloadName } from '#proto';
import { fingerprintOf } from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { authorize, caseInput, FOOD_LICENCE, fileOf, WINDOW } from '../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { codedError, PeerClient } from './peer-client.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const open: LiveRegion[] = [];
const folders: string[] = [];
const silent: Server[] = [];
/** Milliseconds that the regions' clocks are ahead of the machine's. */
let ahead = 0;
const clock = { now: () => Date.now() + ahead };

async function region(code: string): Promise<LiveRegion> {
  const folder = await makeRegionFolder(code);
  folders.push(folder);
  return again({ folder });
}

/** Opens a region that was stopped. */
async function again({ folder }: { folder: string }): Promise<LiveRegion> {
  const live = await openLiveRegion(folder, clock);
  open.push(live);
  return live;
}

async function away(live: LiveRegion): Promise<void> {
  open.splice(open.indexOf(live), 1);
  await live.stop();
}

afterEach(async () => {
  ahead = 0;
  await Promise.all(open.splice(0).map((live) => live.stop()));
  for (const server of silent.splice(0)) server.close();
  await removeFolders(...folders.splice(0));
});

async function connected(from: LiveRegion, to: string): Promise<void> {
  await until(`${from.region} is connected to ${to}`, () => from.wire.dispatcher.link(to)?.connected === true);
}

async function answered(from: LiveRegion, to: string): Promise<void> {
  await until(`${to} has answered everything`, () => from.core.outbox.pending(to) === 0);
}

interface Sending {
  readonly name?: PayloadName;
  readonly payload?: object;
  readonly materials?: readonly string[];
}

function send(from: LiveRegion, peer: string, conversation: string, sending: Sending = {}) {
  const outgoing = { peer, conversation, name: 'Ping', payload: { note: '' }, ...sending } as const;
  return from.core.store.write((tx) => from.core.outbox.enqueue(tx, outgoing));
}

function inbox(live: LiveRegion) {
  return live.core.store.read.all('SELECT sequence, type, code FROM inbox ORDER BY position');
}

/** A count of a region's metrics: the line that has all these parts. */
async function counted(live: LiveRegion, ...parts: string[]): Promise<number> {
  const lines = (await live.core.metrics.text()).split('\n');
  const line = lines.find((text) => !text.startsWith('#') && parts.every((part) => text.includes(part)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

function materialBytes(live: LiveRegion, direction: 'sent' | 'received'): Promise<number> {
  return counted(live, 'material_bytes_total', `direction="${direction}"`);
}

describe('a region that is removed', () => {
  it('loses its stream and its calls, keeps what waits, and goes on once it is pinned again', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await connected(nantong, '150626');
    await uxin.core.peers.remove('320600');
    await until('the end of the stream', () => nantong.wire.dispatcher.link('150626')?.connected === false);
    const conversation = nantong.core.newId();
    await send(nantong, '150626', conversation);
    const { client } = nantong.wire.dispatcher.link('150626')!;
    const call = client.materialStatus(conversation, Buffer.alloc(32), 5000);
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^PEER_(UNKNOWN|UNREACHABLE)$/) });
    const own = new PeerClient(uxin.core.own, nantong.core.keyring.tls, clock);
    await expect(own.materialStatus(conversation, Buffer.alloc(32), 5000)).rejects.toMatchObject({
      code: 'PEER_UNKNOWN',
    });
    own.close();
    expect(nantong.core.outbox.pending('150626')).toBe(1);
    expect(await inbox(uxin)).toEqual([]);
    await uxin.core.peers.pin(nantong.core.own.jwt, fingerprintOf(nantong.core.own.identity));
    await answered(nantong, '150626');
    expect(await inbox(uxin)).toHaveLength(1);
  });

  it('brings no further byte of a file that is on its way', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    const conversation = nantong.core.newId();
    const digest = Buffer.alloc(32, 1);
    const client = new PeerClient(uxin.core.own, nantong.core.keyring.tls, clock);
    async function* bytes() {
      yield Buffer.alloc(1000);
      await until('the first bytes', async () => (await materialBytes(uxin, 'received')) === 1000);
      await uxin.core.peers.remove('320600');
      yield Buffer.alloc(1000);
    }
    const opening = { conversation, digest, size: 5000, offset: 0 };
    const pushed = client.pushMaterial(opening, bytes(), new AbortController().signal);
    await expect(pushed).rejects.toMatchObject({ code: 'PEER_UNKNOWN' });
    expect(await uxin.core.materials.status('320600', conversation, digest)).toEqual({ offset: 1000, complete: false });
    client.close();
  });
});

describe('a region whose statement has expired', () => {
  it('is not let in and not called, and what waits goes on waiting', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await connected(nantong, '150626');
    await connected(uxin, '320600');
    // Keys and certificates live longer than the statement.
    ahead = 366 * 24 * 60 * 60 * 1000;
    await send(nantong, '150626', nantong.core.newId());
    await until(
      'the open stream is ended',
      async () => (await counted(uxin, 'refusals_total', 'STATEMENT_EXPIRED')) > 0,
    );
    await until('nobody dials', () => nantong.wire.dispatcher.link('150626')?.connected === false);
    expect(nantong.core.outbox.pending('150626')).toBe(1);
    expect(await inbox(uxin)).toEqual([]);
  });
});

describe('a caller that is not pinned', () => {
  let uxin: LiveRegion;

  async function nothingHappened(): Promise<void> {
    expect(await inbox(uxin)).toEqual([]);
    expect(await uxin.core.store.read.all('SELECT * FROM material')).toEqual([]);
  }

  /** Tries every service with the TLS key of a region. @returns the codes */
  async function tryAll(by: ThrowawayRegion): Promise<string[]> {
    const client = new PeerClient(uxin.core.own, by.tls, clock);
    const stream = client.exchange();
    const ended = new Promise<string>((resolve) => stream.once('error', (error) => resolve(codedError(error).code)));
    stream.on('data', () => {});
    stream.write({ hello: { protocol: 1, region: by.region } });
    const opening = { conversation: uxin.core.newId(), digest: Buffer.alloc(32), size: 5, offset: 0 };
    const calls = await Promise.allSettled([
      client.materialStatus(opening.conversation, opening.digest, 5000),
      client.pushMaterial(opening, fileOf('x', 5), new AbortController().signal),
      client.check({ header: Buffer.alloc(0) }, 5000),
    ]);
    const codes = [await ended, ...calls.map((call) => (call as PromiseRejectedResult).reason?.code)];
    client.close();
    return codes;
  }

  it('is turned away before any message, with whatever certificate it comes', async () => {
    uxin = await region('150626');
    const nantong = await region('320600');
    await pinEachOther(nantong, uxin);
    const stranger = await throwawayRegion('350500');
    const impostor = await throwawayRegion('320600');
    for (const caller of [stranger, impostor]) expect(await tryAll(caller)).toEqual(Array(4).fill('PEER_UNKNOWN'));
    await nothingHappened();
    expect(await counted(uxin, 'refusals_total', 'PEER_UNKNOWN')).toBeGreaterThanOrEqual(8);
  });

  it('is turned away without a certificate', async () => {
    uxin = await region('150626');
    const roots = Buffer.from(uxin.core.own.tls.map(({ certificate }) => certificate.toString()).join('\n'));
    const tls = credentials.createSsl(roots, null, null, { checkServerIdentity: () => undefined });
    const client = new CheckClient(uxin.core.own.endpoint, tls, { 'grpc.ssl_target_name_override': 'x.invalid' });
    const code = await new Promise<string>((resolve) => {
      client.check({ envelope: null }, new Metadata(), { deadline: Date.now() + 5000 }, (error) =>
        resolve(codedError(error).code),
      );
    });
    expect(code).toBe('PEER_UNKNOWN');
    await nothingHappened();
    client.close();
  });
});

describe('a file', () => {
  it('goes on where its push was cut, and its envelope follows', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    const conversation = nantong.core.newId();
    const half = 1024 * 1024;
    const { digest, size } = await nantong.core.materials.take(conversation, fileOf('plan', 2 * half));
    const client = new PeerClient(uxin.core.own, nantong.core.keyring.tls, clock);
    const { bytes } = await nantong.core.materials.open(conversation, digest);
    async function* cut() {
      let sent = 0;
      for await (const chunk of bytes) {
        yield chunk;
        sent += chunk.length;
        if (sent >= half) break;
      }
      const stored = async () => (await uxin.core.materials.status('320600', conversation, digest)).offset;
      await until(
        'the first half',
        async () => (await materialBytes(uxin, 'received')) >= half && (await stored()) > 0,
      );
      throw new Error('the connection was cut');
    }
    const opening = { conversation, digest, size, offset: 0 };
    await expect(client.pushMaterial(opening, cut(), new AbortController().signal)).rejects.toThrow('cut');
    client.close();
    await send(nantong, '150626', conversation, { materials: [digest.toString('hex')] });
    await answered(nantong, '150626');
    expect(await uxin.core.materials.status('320600', conversation, digest)).toEqual({ offset: size, complete: true });
    // What had come and was not in the file yet when the push was cut comes again; what was in it does not.
    const again = await materialBytes(nantong, 'sent');
    expect(again).toBeGreaterThanOrEqual(half);
    expect(again).toBeLessThan(size);
    // A push that began where the file no longer ended was refused before a byte of it was read.
    const received = await materialBytes(uxin, 'received');
    expect(received).toBeGreaterThanOrEqual(size);
    expect(received).toBeLessThanOrEqual(half + again);
  });

  it('that the receiver lost is pushed again when its envelope is deferred', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await authorize(nantong, uxin);
    const { cases } = nantong.services;
    const { conversation } = await cases.create(caseInput('150626', FOOD_LICENCE));
    const add = (name: string) =>
      cases.addMaterial(conversation, { name, mediaType: 'image/png', grade: 'C' }, fileOf(name, 50_000));
    const [licence, application] = [await add('营业执照'), await add('食品经营许可申请书')];
    await cases.checkOriginal(conversation, licence.digest, WINDOW);
    await cases.act(conversation, 'receive', { handler: WINDOW });
    // A Ping brings the files first, so that the sender believes them to be there when the transfer goes.
    const materials = [licence.digest, application.digest];
    await send(nantong, '150626', conversation, { materials });
    await answered(nantong, '150626');
    expect(await uxin.core.store.write((tx) => tx.run("DELETE FROM material WHERE state = 'staged'"))).toBe(2);
    await cases.act(conversation, 'transfer', { handler: WINDOW });
    await answered(nantong, '150626');
    expect((await uxin.services.cases.demand(conversation)).state).toBe('transferred');
    expect(await counted(uxin, 'deferrals_total', 'MATERIAL_MISSING')).toBe(1);
    expect(await uxin.core.store.read.all('SELECT DISTINCT state FROM material')).toEqual([{ state: 'held' }]);
    expect(await materialBytes(nantong, 'sent')).toBe(4 * 50_000);
  });
});

describe('an envelope that expired while the peer was away', () => {
  it('is skipped, and the conversation goes on behind it', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await away(uxin);
    const conversation = nantong.core.newId();
    await send(nantong, '150626', conversation);
    ahead = 31 * DAY_MS;
    await send(nantong, '150626', conversation);
    const uxinAgain = await again(uxin);
    await answered(nantong, '150626');
    expect(await inbox(uxinAgain)).toEqual([
      { sequence: 1, type: 'tongban.v1.Skip', code: '' },
      { sequence: 2, type: 'tongban.v1.Ping', code: '' },
    ]);
    const sent = await nantong.core.store.read.all('SELECT sequence, type, state FROM outbox ORDER BY position');
    expect(sent).toEqual([
      { sequence: 1, type: 'Ping', state: 'expired' },
      { sequence: 2, type: 'Ping', state: 'accepted' },
      { sequence: 1, type: 'Skip', state: 'accepted' },
    ]);
  });
});

describe('a peer that does not answer', () => {
  it('holds nobody else up when it takes the connection and stays silent', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    const server = createServer();
    silent.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const dead = await throwawayRegion('350500', { endpoint });
    await nantong.core.peers.pin(dead.jwt, fingerprintOf(dead.statement.identity));
    for (const peer of ['350500', '150626']) await send(nantong, peer, nantong.core.newId());
    await answered(nantong, '150626');
    expect(nantong.core.outbox.pending('350500')).toBe(1);
  });

  it('holds nobody else up when files to it stand still', async () => {
    const [nantong, uxin, quanzhou] = [await region('320600'), await region('150626'), await region('350500')];
    await pinEachOther(nantong, uxin);
    await pinEachOther(nantong, quanzhou);
    await connected(nantong, '350500');
    let release = () => {};
    const stuck = quanzhou.core.store.write(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const withFile = async (peer: string) => {
      const conversation = nantong.core.newId();
      const { digest } = await nantong.core.materials.take(conversation, fileOf(conversation, 1000));
      await send(nantong, peer, conversation, { materials: [digest.toString('hex')] });
    };
    for (let n = 0; n < 3; n += 1) await withFile('350500');
    await withFile('150626');
    await answered(nantong, '150626');
    expect(nantong.core.outbox.pending('350500')).toBe(3);
    release();
    await stuck;
    await answered(nantong, '350500');
  });
});

describe('a batch', () => {
  /** Envelopes and payload bytes of each batch that a region decided. */
  function batches(live: LiveRegion) {
    return live.core.store.read.all<{ n: number; bytes: number }>(
      // What is sealed is 34 bytes longer.
      'SELECT count(*) AS n, sum(length(header) + length(payload) - 34) AS bytes FROM inbox GROUP BY group_id ORDER BY group_id',
    );
  }

  it('holds at most 256 envelopes and 2 MiB, and all that waits if it can', async () => {
    const [nantong, uxin] = [await region('320600'), await region('150626')];
    await pinEachOther(nantong, uxin);
    await connected(nantong, '150626');
    await away(uxin);
    const form = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`字段${n}`, '长'.repeat(4000)]));
    const large = { name: 'CaseTransfer', payload: { ...payloadSamples.CaseTransfer, form } } as const;
    await Promise.all(Array.from({ length: 600 }, () => send(nantong, '150626', nantong.core.newId())));
    await Promise.all(Array.from({ length: 5 }, () => send(nantong, '150626', nantong.core.newId(), large)));
    const uxinAgain = await again(uxin);
    await answered(nantong, '150626');
    const decided = await batches(uxinAgain);
    expect(decided.reduce((sum, { n }) => sum + n, 0)).toBe(605);
    for (const { n, bytes } of decided) {
      expect(n).toBeLessThanOrEqual(LIMITS.batchEnvelopes);
      expect(bytes).toBeLessThanOrEqual(LIMITS.batchBytes);
    }
    expect(decided.slice(0, 2).map(({ n }) => n)).toEqual([256, 256]);
    expect(decided).toHaveLength(5);
  });
});
