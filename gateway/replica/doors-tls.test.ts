import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type Server } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testSigner } from '../../trust/testing/index.ts';
import { ApiTls } from '../api/tls/api-tls.ts';
import type { Address } from '../config/address.ts';
import { createLog } from '../telemetry/log.ts';
import { FrontDoor } from './front-door.ts';
import { LeaderDoor } from './leader-door.ts';
import { replicaKey } from './replica-tls.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const KEY = replicaKey(Buffer.alloc(32, 1));
const people = testSigner('管理员的认证机构', { kind: 'ec', ca: true });
const server = testSigner('api', { kind: 'ec' });
const zhang = testSigner('zhang', { kind: 'ec', issuer: people });

let folder: string;
let https: Server;
let leader: LeaderDoor;
let front: FrontDoor;
let place: Address;
let at: Address;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-doors-'));
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const config = {
    certificateFile: await file('api.pem', server.pem),
    keyFile: await file('api.key', server.keyPem),
    clientCaFile: await file('clients.pem', people.pem),
  };
  const clock = { now: Date.now };
  const log = createLog({ level: 'warn', region: '320600', clock }, { write: () => undefined });
  const tls = await ApiTls.open({ config, clock, log });
  https = tls.serve(({ socket }, response) => {
    const { remoteAddress, remotePort } = socket;
    const shown = tls.shownBy(socket)?.toString('hex');
    response.end(JSON.stringify({ shown, from: `${remoteAddress} ${remotePort}` }));
  }, {});
  https.listen(LOOPBACK);
  await once(https, 'listening');
  const onHttp = (socket: Socket) => https.emit('connection', socket);
  leader = new LeaderDoor({ listen: LOOPBACK, key: KEY, onHttp, peer: LOOPBACK });
  place = await leader.listen();
  const limits = { connections: { total: 100, perCaller: 50 }, isExempt: () => false };
  front = new FrontDoor({ door: 'http', isTls: true, ...limits, key: KEY, waitMs: 300 });
  at = await front.listen(LOOPBACK);
});

afterAll(async () => {
  front?.follow(undefined);
  leader?.close();
  https?.close();
  await front?.close();
  await rm(folder, { recursive: true });
});

test('TLS ends at the leader, whatever replica took the connection: it sees certificate and address of the client', async () => {
  front.follow({ term: 'one', address: place });
  const trusting = { ca: server.pem, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  const asked = request({ ...at, ...trusting, cert: zhang.pem, key: zhang.keyPem, agent: false }).end();
  const [answer] = await once(asked, 'response');
  const from = `127.0.0.1 ${asked.socket!.localPort}`;
  const shown = new X509Certificate(zhang.pem).fingerprint256.replaceAll(':', '').toLowerCase();
  expect(await json(answer)).toEqual({ shown, from });
});

test('while nobody leads a client that waits for a handshake is told nothing in plain text', async () => {
  front.follow(undefined);
  expect(await buffer(connect(at))).toHaveLength(0);
});
