import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PAYLOAD_NAMES, services } from '#proto';
import { fingerprintOf, needsAuthorization, type TlsIdentity } from '#trust';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { parseAddress } from '../config/address.ts';
import { CODE_METADATA } from '../outbound/peer-client.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { PeerPort } from './peer-port.ts';
import { RPC_ACCESS } from './rpc-access.ts';

const CALLERS = ['nobody', 'stranger', 'impostor', 'pinned'] as const;
type CallerKind = (typeof CALLERS)[number];

/** Tables to which a verdict writes, whatever it is. */
const VERDICTS = ['conversation', 'inbox', 'log_entry', 'sealed_group'];

let uxin: LiveRegion;
let nantong: LiveRegion;
let pinned: ThrowawayRegion;
let identities: Readonly<Record<CallerKind, TlsIdentity | undefined>>;

beforeAll(async () => {
  const folders = await Promise.all(['150626', '320600'].map((code) => makeRegionFolder(code)));
  [uxin, nantong] = (await Promise.all(folders.map((folder) => openLiveRegion(folder)))) as [LiveRegion, LiveRegion];
  await pinEachOther(nantong, uxin);
  pinned = await throwawayRegion('350500');
  await uxin.core.peers.pin(pinned.jwt, fingerprintOf(pinned.statement.identity));
  const [stranger, impostor] = await Promise.all(['140400', '350500'].map((code) => throwawayRegion(code)));
  identities = { nobody: undefined, stranger: stranger!.tls, impostor: impostor!.tls, pinned: pinned.tls };
});

afterAll(async () => {
  await Promise.all([uxin, nantong].map((live) => live?.stop()));
  await removeFolders(...[uxin, nantong].map((live) => live.folder));
});

describe('every RPC', () => {
  const calls = Object.keys(RPC_ACCESS).flatMap((path) => CALLERS.map((caller) => ({ path, caller })));

  test.each(calls)('$path is open to $caller as the table says', async ({ path, caller }) => {
    const before = await rows();
    const { status, code, isAnswered } = await call(path, identities[caller]);
    if (caller === RPC_ACCESS[path]!.caller) {
      expect(code).not.toBe('PEER_UNKNOWN');
      expect(status).not.toBe(16);
      // Whoever is let in gets an answer, be it that an empty message asks for nothing.
      expect(isAnswered || code !== undefined || status === 0).toBe(true);
    } else expect([status, code, isAnswered]).toEqual([16, 'PEER_UNKNOWN', false]);
    expect(await rows()).toEqual(before);
  });

  test('that the port serves is in the table, and no other', async () => {
    const ours = Object.values(services).flatMap((service: ServiceDefinition) =>
      Object.values(service).map(({ path }) => path),
    );
    const others = Object.keys(RPC_ACCESS).filter((path) => !path.startsWith('/tongban.'));
    expect(
      Object.keys(RPC_ACCESS)
        .filter((path) => path.startsWith('/tongban.'))
        .sort(),
    ).toEqual(ours.sort());
    // A service that is there but has no such RPC, or is not there at all, is not served.
    for (const path of others) expect((await call(path, pinned.tls)).status).not.toBe(12);
    for (const path of ['/tongban.v1.ExchangeService/Nothing', '/grpc.channelz.v1.Channelz/GetServers'])
      expect(await call(path, pinned.tls)).toMatchObject({ status: 12, isAnswered: false });
  });

  test('by which a message comes that needs an authorization: it is rejected by a peer that gave none', async () => {
    const names = PAYLOAD_NAMES.filter(needsAuthorization);
    const before = await rows();
    const sent = await Promise.all(
      names.map((name) =>
        nantong.core.store.write((tx) =>
          nantong.core.outbox.enqueue(tx, {
            peer: '150626',
            conversation: nantong.core.newId(),
            name,
            payload: payloadSamples[name],
          }),
        ),
      ),
    );
    expect(sent.length).toBeGreaterThan(20);
    await until('every verdict', () => nantong.core.outbox.pending('150626') === 0);
    const verdicts = await uxin.core.store.read.all<{ type: string; code: string }>('SELECT type, code FROM inbox');
    const inCheck = /Question$|Answer$/;
    expect(Object.fromEntries(verdicts.map(({ type, code }) => [type, code]))).toEqual(
      Object.fromEntries(
        names.map((name) => [`tongban.v1.${name}`, inCheck.test(name) ? 'UNKNOWN_TYPE' : 'AUTHORIZATION_REQUIRED']),
      ),
    );
    const changed = Object.entries(await rows()).filter(([table, count]) => count !== before[table]);
    expect(changed.map(([table]) => table).sort()).toEqual(VERDICTS);
  });
});

describe('TLS of the peer port', () => {
  const weak = 'ALL:@SECLEVEL=0';

  test.each<[string, ConnectionOptions]>([
    ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: weak }],
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: weak }],
    ['suites without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES256-GCM-SHA384' }],
    ['CBC suites', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384' }],
    ['SHA-1 suites', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA:AES128-SHA@SECLEVEL=0' }],
    ['suites without authentication', { maxVersion: 'TLSv1.2', ciphers: 'aNULL:eNULL:@SECLEVEL=0' }],
  ])('refuses %s', async (_what, options) => {
    await expect(handshake(options)).rejects.toThrow(/alert|no ciphers|handshake|protocol|ECONNRESET/i);
  });

  test.each<[string, ConnectionOptions, string]>([
    ['TLS 1.3', { minVersion: 'TLSv1.3' }, 'TLSv1.3'],
    ['TLS 1.2 with a modern suite', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }, 'TLSv1.2'],
  ])('takes %s', async (_what, options, version) => {
    const socket = await handshake(options);
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });
});

describe('limits of the peer port', () => {
  test('headers of a call beyond their number are refused, and the next call is answered', async () => {
    const socket = await handshake(keyOf(pinned.tls));
    const session = connectHttp2('https://peer.invalid', { createConnection: () => socket });
    const headers = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`x-${n}`, 'x']));
    const request = session.request({ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', ...headers });
    const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_HTTP2_STREAM_ERROR');
    session.destroy();
    expect(await call('/grpc.health.v1.Health/Check', pinned.tls)).toMatchObject({ isAnswered: true });
  });

  test('what is not TLS is cut off', async () => {
    const socket = await plain();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'close');
  });
});

describe('connections to the peer port', () => {
  let port: PeerPort;
  let where: { host: string; port: number };
  const taken: TLSSocket[] = [];

  beforeEach(async () => {
    const limits = { total: 4, perCaller: 2 };
    const { keyring, peers } = uxin.core;
    port = new PeerPort({ keyring, peers, limits, strangerMs: 300, onConnection: (socket) => void taken.push(socket) });
    where = { host: '127.0.0.1', port: await port.listen('127.0.0.1:0') };
  });

  afterEach(() => {
    for (const socket of taken.splice(0)) socket.destroy();
    port.close();
    port.cutOff();
  });

  test('end when their handshake never comes, and when their caller is a stranger', async () => {
    const friend = await handshake({ ...where, ...keyOf(pinned.tls) });
    await until('it is recognised', () => taken.length === 1);
    const silent = await plain(where);
    silent.write(Buffer.from([22, 3, 1]));
    const stranger = await handshake({ ...where, ...keyOf(identities.stranger!) });
    await Promise.all([once(silent, 'close'), once(stranger, 'close')]);
    expect(friend.destroyed).toBe(false);
    friend.destroy();
  });

  test('end when their region is removed, and stay when it is pinned again at once', async () => {
    const { peers } = uxin.core;
    const { region, identity } = pinned.statement;
    const pin = () => peers.pin(pinned.jwt, fingerprintOf(identity));
    const friend = await handshake({ ...where, ...keyOf(pinned.tls) });
    await until('it is recognised', () => taken.length === 1);
    await peers.remove(region);
    await pin();
    // Whoever comes now is dropped no earlier than the friend would have been.
    const stranger = await handshake({ ...where, ...keyOf(identities.stranger!) });
    await once(stranger, 'close');
    expect(friend.destroyed).toBe(false);
    await peers.remove(region);
    await once(friend, 'close');
    await pin();
  });

  test('are bounded for an address, and for a peer, whose connections take no place of its address', async () => {
    const friends = [
      await handshake({ ...where, ...keyOf(pinned.tls) }),
      await handshake({ ...where, ...keyOf(pinned.tls) }),
    ];
    await until('both are recognised', () => taken.length === 2);
    const third = await handshake({ ...where, ...keyOf(pinned.tls) });
    await once(third, 'close');
    const waiting = [await plain(where), await plain(where)];
    const more = await plain(where);
    await once(more, 'close');
    expect([...friends, ...waiting].map((socket) => socket.destroyed)).toEqual([false, false, false, false]);
    for (const socket of [...friends, ...waiting]) socket.destroy();
  });
});

/** Calls an RPC with one empty message, whatever its kind. */
function call(path: string, tls: TlsIdentity | undefined) {
  const roots = Buffer.from(uxin.core.own.tls.map(({ certificate }) => certificate.toString()).join('\n'));
  const secure = credentials.createSsl(roots, tls?.privateKeyPem ?? null, tls?.certificatePem ?? null, {
    checkServerIdentity: () => undefined,
  });
  const client = new Client(uxin.core.own.endpoint, secure, { 'grpc.ssl_target_name_override': 'x.invalid' });
  const asIs = (bytes: Buffer) => bytes;
  return new Promise<{ status: number; code: string | undefined; isAnswered: boolean }>((resolve) => {
    let isAnswered = false;
    const stream = client.makeBidiStreamRequest(path, asIs, asIs, { deadline: Date.now() + 10_000 });
    stream.on('data', () => {
      isAnswered = true;
      // A stream that goes on was let in.
      stream.cancel();
    });
    stream.on('error', () => undefined);
    stream.on('status', ({ code: status, metadata }) => {
      client.close();
      resolve({ status, code: metadata.get(CODE_METADATA)[0]?.toString(), isAnswered });
    });
    stream.write(Buffer.alloc(0));
    stream.end();
  });
}

function keyOf({ certificatePem, privateKeyPem }: TlsIdentity): ConnectionOptions {
  return { cert: certificatePem, key: privateKeyPem };
}

function plain(where = parseAddress(uxin.core.own.endpoint)!): Promise<Socket> {
  const socket = connect(where);
  socket.on('error', () => undefined);
  return once(socket, 'connect').then(() => socket);
}

async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({
    ...parseAddress(uxin.core.own.endpoint)!,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    ...options,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the handshake failed')));
    socket.once('secureConnect', () => {
      // It may be cut off at once.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** How many rows each table has that a call could write to. */
async function rows(): Promise<Record<string, number>> {
  const { read } = uxin.core.store;
  const tables = await read.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
       AND name NOT IN ('log_run', 'log_node', 'log_state', 'peer_checkpoint', 'witnessed_note', 'cosignature')`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) counts[name] = (await read.get<{ n: number }>(`SELECT count(*) AS n FROM ${name}`))!.n;
  return counts;
}
