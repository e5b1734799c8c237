import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Address } from '../config/address.ts';
import { FrontDoor } from './front-door.ts';
import { LeaderDoor } from './leader-door.ts';
import { followerTls, replicaKey } from './replica-tls.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };
const KEY = replicaKey(Buffer.alloc(32, 1));
const OTHER_KEY = replicaKey(Buffer.alloc(32, 2));
const BIG = Buffer.alloc(3 * 1024 * 1024, 'x');

/** What the gateway of the leader saw. */
const seen: { from: string; encrypted: unknown }[] = [];
let http: ReturnType<typeof createHttpServer>;
let peer: Server;
let leader: LeaderDoor;
let answerSlow: (() => void) | undefined;
let place: Address;
const fronts: FrontDoor[] = [];

beforeEach(async () => {
  seen.length = 0;
  http = createHttpServer(({ socket, url, method }, response) => {
    const { remoteAddress, remotePort } = socket;
    seen.push({ from: `${remoteAddress} ${remotePort}`, encrypted: (socket as { encrypted?: unknown }).encrypted });
    if (url === '/stream') response.write('first');
    else if (url === '/slow') answerSlow = () => response.end('late');
    else response.end(method);
  });
  // A peer says nothing first, and echoes until the other side ends.
  peer = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => undefined).pipe(socket));
  await Promise.all([listening(http), listening(peer)]);
  const onHttp = (socket: Socket) => http.emit('connection', socket);
  const peerAt = addressOf(peer);
  leader = new LeaderDoor({ listen: LOOPBACK, key: KEY, onHttp, peer: peerAt, greetingMs: 500, unprovenPerAddress: 3 });
  place = await leader.listen();
});

afterEach(async () => {
  for (const front of fronts.splice(0)) front.follow(undefined);
  leader.close();
  http.closeAllConnections();
  http.close();
  peer.close();
});

function listening(server: Server): Promise<unknown> {
  server.listen(LOOPBACK);
  return once(server, 'listening');
}

function addressOf(server: Server): Address {
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

/** A door of some replica that follows the leader. */
async function front(door: 'http' | 'peer', { key = KEY, follows = true, waitMs = 300, silentMs = 100 } = {}) {
  const limits = { connections: { total: 100, perCaller: 50 }, isExempt: () => false };
  const made = new FrontDoor({ door, ...limits, key, waitMs, silentMs });
  fronts.push(made);
  const at = await made.listen(LOOPBACK);
  if (follows) made.follow({ term: 'one', address: place });
  return { made, at };
}

async function get(at: Address, path = '/'): Promise<{ answer: IncomingMessage; from: string }> {
  const asked = request({ ...at, path, agent: false }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { answer, from: `127.0.0.1 ${asked.socket!.localPort}` };
}

describe('a replica that stands by', () => {
  it('passes requests on; the leader sees the client, and no encryption that it did not have', async () => {
    const { at } = await front('http');
    const { answer, from } = await get(at);
    expect(answer.statusCode).toBe(200);
    expect(await text(answer)).toBe('GET');
    expect(seen).toEqual([{ from, encrypted: false }]);
  });

  it('passes many bytes both ways, and each end in its turn', async () => {
    const { at } = await front('peer');
    const socket = connect({ ...at, allowHalfOpen: true });
    socket.end(BIG);
    expect((await buffer(socket)).equals(BIG)).toBe(true);
  });

  it('cuts what went to a leader as soon as another leads, and goes to the new one', async () => {
    const { made, at } = await front('http');
    const { answer } = await get(at, '/stream');
    expect(answer.statusCode).toBe(200);
    made.follow({ term: 'two', address: place });
    await expect(text(answer)).rejects.toThrow();
    expect((await get(at)).answer.statusCode).toBe(200);
  });

  it('lets a connection wait until somebody leads', async () => {
    const { made, at } = await front('http', { follows: false, waitMs: 10_000 });
    const asked = get(at);
    made.follow({ term: 'one', address: place });
    expect((await asked).answer.statusCode).toBe(200);
  });

  it('says that nobody leads when the wait is over, and closes the connection of a peer', async () => {
    const { at } = await front('http', { follows: false });
    const { answer } = await get(at);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(JSON.parse(await text(answer))).toMatchObject({ code: 'TRY_LATER', status: 503 });
    const { at: peerAt } = await front('peer', { follows: false });
    expect((await buffer(connect(peerAt))).length).toBe(0);
  });

  it('lets an answer come that takes longer than it waits for silence, when it closes', async () => {
    const { made, at } = await front('http');
    const asked = get(at, '/slow');
    await expect.poll(() => answerSlow).toBeDefined();
    const idle = connect(at);
    idle.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(idle, 'data');
    const closed = made.close();
    // The one that has its answer is ended first.
    await once(idle, 'close');
    answerSlow!();
    expect(await text((await asked).answer)).toBe('late');
    await closed;
  });

  it('ends what is silent when it closes, and takes nothing new', async () => {
    const { made, at } = await front('peer');
    const socket = connect(at);
    socket.write('hello');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await made.close();
    await closed;
    const [error] = await once(connect(at), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('the leader', () => {
  it('takes nothing from somebody who has another key', async () => {
    const { at } = await front('http', { key: OTHER_KEY });
    expect((await get(at)).answer.statusCode).toBe(503);
    expect(seen).toEqual([]);
  });

  it('takes nothing from somebody who has none', async () => {
    const socket = connect(place);
    socket.write('TONGBAN/1 http 10.9.9.9 1\nGET / HTTP/1.1\r\nhost: x\r\n\r\n');
    socket.on('error', () => undefined);
    await once(socket, 'close');
    const tls = connectTls({ ...place, rejectUnauthorized: false });
    await expect(once(tls, 'secureConnect')).rejects.toThrow();
    expect(seen).toEqual([]);
  });

  it('waits for no handshake that never comes', async () => {
    const silent = connect(place);
    const half = connect(place);
    half.write(Buffer.from([22, 3, 1]));
    for (const socket of [silent, half]) socket.on('error', () => undefined);
    await Promise.all([once(silent, 'close'), once(half, 'close')]);
  });

  it('takes nobody whose greeting it had not read when it closed', async () => {
    const socket = connectTls({ ...place, ...followerTls(KEY) });
    await once(socket, 'secureConnect');
    leader.close();
    socket.write('TONGBAN/1 http 10.9.9.9 1\n');
    socket.on('error', () => undefined);
    expect(await buffer(socket).catch(() => Buffer.of())).toHaveLength(0);
    expect(seen).toEqual([]);
  });

  it('holds few connections of an address that does not show the key, and more of a replica', async () => {
    const proven = [];
    for (let n = 0; n < 6; n += 1) {
      const { at } = await front('peer');
      const socket = connect(at);
      socket.write('hello');
      await once(socket, 'data');
      proven.push(socket);
    }
    const silent = Array.from({ length: 3 }, () => connect(place));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const fourth = connect(place);
    fourth.on('error', () => undefined);
    await once(fourth, 'close');
    expect([...proven, ...silent].map(({ closed }) => closed)).toEqual(new Array(9).fill(false));
    for (const socket of [...proven, ...silent]) socket.destroy();
  });

  it.each(['GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'TONGBAN/1 http nobody 1\n', `${'x'.repeat(200)}`])(
    'closes a connection that does not begin with whose it is: %j',
    async (line) => {
      const socket = connectTls({ ...place, ...followerTls(KEY) });
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      socket.write(line);
      expect((await buffer(socket)).length).toBe(0);
      expect(seen).toEqual([]);
    },
  );
});
