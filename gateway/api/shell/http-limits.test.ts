import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Type } from '@fastify/type-provider-typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Address } from '../../config/address.ts';
import type { AccessTable } from '../roles.ts';
import type { RouteModule } from '../server.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { HEADER_BYTES } from './http-limits.ts';

const ACCESS: AccessTable = {
  'POST /v1/notes': ['platform'],
  'PUT /v1/files': ['platform'],
  'POST /v1/stuck': 'open',
  'GET /v1/about': 'open',
};

let entered = 0;
let stuckBegan: () => void = () => undefined;
const routes: RouteModule = (app) => {
  const body = Type.Object({ note: Type.Unknown() }, { additionalProperties: false });
  app.post('/v1/notes', { schema: { body } }, async () => ({ entered: ++entered }));
  app.put('/v1/files', { config: { streams: 'application/octet-stream' } }, async () => ({ entered: ++entered }));
  // Never goes on to read its body.
  app.post('/v1/stuck', { preParsing: () => stuckBegan() }, async () => ({}));
  app.get('/v1/about', async () => ({ entered: ++entered }));
};

let api: TestApi;
let where: Address;
let authorization: string;

beforeAll(async () => {
  const patience = { headersMs: 300, bodyMs: 300, requestMs: 5_000 };
  const connections = { total: 6, perCaller: 3 };
  api = await startTestApi({ access: ACCESS, routes: [routes], patience, connections, trustedProxies: ['127.0.0.9'] });
  where = await api.listen({ host: '127.0.0.1', port: 0 });
  authorization = `authorization: ${await api.bearer('platform')}\r\n`;
});

afterAll(() => api.close(0));

async function dial(localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ ...where, localAddress });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes until the door closes the connection. */
async function rest(socket: Socket): Promise<{ status: number; code: string }> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), code: body === '' ? '' : JSON.parse(body).code };
}

async function send(text: string) {
  const socket = await dial();
  socket.write(text);
  return rest(socket);
}

const REFUSED = 'REQUEST_INVALID';
const END = 'host: x\r\nconnection: close\r\n\r\n';
const many = (count: number) => Array.from({ length: count }, (_, n) => `x-${n}: ${n}\r\n`).join('');

test.each<[string, () => string, number]>([
  ['a first line that is too long', () => `GET /${'x'.repeat(HEADER_BYTES)} HTTP/1.1\r\n${END}`, 431],
  ['a header that is too long', () => `GET /v1/about HTTP/1.1\r\nx: ${'x'.repeat(HEADER_BYTES)}\r\n${END}`, 431],
  ['headers that are too long together', () => `GET /v1/about HTTP/1.1\r\n${many(2_000)}${END}`, 431],
  ['too many headers', () => `GET /v1/about HTTP/1.1\r\n${many(120)}${END}`, 431],
  ['a parameter that is too long', () => `GET /v1/about/${'x'.repeat(300)} HTTP/1.1\r\n${END}`, 404],
  ['two lengths', () => `POST /v1/notes HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n${END}`, 400],
  [
    'a length beside chunks',
    () => `POST /v1/notes HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n${END}`,
    400,
  ],
  ['a folded header', () => `GET /v1/about HTTP/1.1\r\nx: y\r\n z\r\n\u0000${END}`, 400],
  ['no host', () => 'GET /v1/about HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
])('%s is refused', async (_what, text, status) => {
  const before = entered;
  const answer = await send(text());
  expect([answer.status, answer.code]).toEqual([status, status === 404 ? 'NOT_FOUND' : REFUSED]);
  expect(entered).toBe(before);
});

test('a hundred headers are well', async () => {
  expect((await send(`GET /v1/about HTTP/1.1\r\n${many(90)}${END}`)).status).toBe(200);
});

test('headers that never end are not waited for', async () => {
  const socket = await dial();
  socket.write('GET /v1/about HTTP/1.1\r\nhost: x\r\n');
  const dribble = setInterval(() => socket.write('x: y\r\n'), 50);
  const answer = await rest(socket).finally(() => clearInterval(dribble));
  expect(answer).toEqual({ status: 408, code: REFUSED });
});

test('a body that dribbles is not waited for', async () => {
  const before = entered;
  const socket = await dial();
  const type = 'content-type: application/json\r\ncontent-length: 1000\r\n';
  socket.write(`POST /v1/notes HTTP/1.1\r\nhost: x\r\n${authorization}${type}\r\n{"note":"`);
  const dribble = setInterval(() => socket.write('x'), 50);
  const answer = await rest(socket).finally(() => clearInterval(dribble));
  expect(answer).toEqual({ status: 408, code: REFUSED });
  expect(entered).toBe(before);
});

test('a body that nobody reads and that never comes does no harm', async () => {
  const waiting = await dial();
  waiting.write('GET /v1/about HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n');
  const [answer] = (await once(waiting, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 200 /);
  const refused = await dial();
  refused.write('POST /v1/nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n');
  await once(refused, 'data');
  // The wait for this body began later: when it is over, so is that for the others.
  const type = 'content-type: application/json\r\ncontent-length: 1000\r\n';
  expect((await send(`POST /v1/notes HTTP/1.1\r\nhost: x\r\n${authorization}${type}\r\n`)).status).toBe(408);
  for (const socket of [waiting, refused]) socket.destroy();
});

test('a body that nobody reads although its route goes on is cut off', async () => {
  const socket = await dial();
  const closed = once(socket, 'close');
  const began = new Promise<void>((resolve) => {
    stuckBegan = resolve;
  });
  const type = 'content-type: application/json\r\ncontent-length: 10\r\n';
  socket.write(`POST /v1/stuck HTTP/1.1\r\nhost: x\r\n${type}\r\n`);
  await Promise.all([began, closed]);
});

test('a caller without a token does not even send a body', async () => {
  const type = 'content-type: application/json\r\ncontent-length: 1000\r\n';
  expect(await send(`POST /v1/notes HTTP/1.1\r\nhost: x\r\n${type}\r\n`)).toEqual({
    status: 401,
    code: 'UNAUTHORIZED',
  });
});

test('JSON that is nested deep or holds too many values is refused before it is parsed', async () => {
  const before = entered;
  const post = async (note: string) => {
    const headers = { authorization: await api.bearer('platform'), 'content-type': 'application/json' };
    return api.app.inject({ method: 'POST', url: '/v1/notes', headers, payload: `{"note":${note}}` });
  };
  expect((await post('['.repeat(31) + ']'.repeat(31))).statusCode).toBe(200);
  for (const note of ['['.repeat(60_000), '{"a":'.repeat(10_000), '['.repeat(32) + ']'.repeat(32)]) {
    const answer = await post(note);
    expect([answer.statusCode, answer.json().code]).toEqual([400, REFUSED]);
  }
  expect(entered).toBe(before + 1);
});

test('one address has so many connections, all together so many, and a web server before us takes no place of them', async () => {
  const open = [await dial(), await dial(), await dial()];
  const fourth = await dial();
  await once(fourth, 'close');
  open.push(await dial('127.0.0.9'), await dial('127.0.0.9'), await dial('127.0.0.9'));
  const seventh = await dial('127.0.0.5');
  await once(seventh, 'close');
  expect(open.map((socket) => socket.closed)).toEqual(open.map(() => false));
  for (const socket of open) socket.destroy();
  await expect.poll(async () => (await send(`GET /v1/about HTTP/1.1\r\n${END}`)).status).toBe(200);
});
