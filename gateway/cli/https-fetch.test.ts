import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testSigner } from '../../trust/testing/index.ts';
import { GatewayClient } from './client.ts';
import { type Fetch, httpsFetch } from './https-fetch.ts';

let folder: string;
let server: Server;
let answer = '';
let send: Fetch;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-https-'));
  const { pem, keyPem } = testSigner('api', { kind: 'ec' });
  await writeFile(join(folder, 'server.pem'), pem);
  server = createServer({ cert: pem, key: keyPem }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  send = await httpsFetch(join(folder, 'server.pem'), {});
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function client(): GatewayClient {
  const { port } = server.address() as AddressInfo;
  return new GatewayClient(`https://127.0.0.1:${port}`, async () => 'token', send);
}

it.each([
  ['a status that is none', 'HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}'],
  ['a status below 200', 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ['nothing', ''],
  ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":'],
])('says that no gateway answers where it gets %s', async (_name, given) => {
  answer = given;
  await expect(client().get('/v1/status')).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
});

it('reads an answer, and one without a body', async () => {
  answer = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}';
  expect(await client().get('/v1/status')).toEqual({ a: 1 });
  answer = 'HTTP/1.1 204 No Content\r\n\r\n';
  await client().delete('/v1/status');
});
