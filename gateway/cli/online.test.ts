import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PROBLEM_JSON } from '../api/problem.ts';
import { createApiKey, readApiKey } from '../api/token.ts';
import { removeRunFile, writeRunFile } from '../config/run-file.ts';
import { writeConfig } from '../config/write-config.ts';
import { runTongban } from '../testing/gateway-process.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What the server answers to everything: a test sets it. */
let answer: (response: ServerResponse) => void;
let asked: Asked[];
let server: Server;
let folder: string;

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    asked.push({ method: request.method!, url: request.url!, headers: request.headers, body: await buffer(request) });
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'tongban-online-'));
  await writeConfig(join(folder, 'gateway.yaml'), { region: '320600', name: '南通', peerEndpoint: '127.0.0.1:7443' });
  await createApiKey(join(folder, 'keys'));
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:7443', startedAt: Date.now() });
});

afterEach(async () => {
  await removeRunFile(folder, process.pid);
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('a command asks with a short-lived token of the local key', async () => {
  answer = json(200, { peers: [] });
  const { code, stdout } = await tongban('peer', 'list', '--json');
  expect({ code, json: JSON.parse(stdout) }).toEqual({ code: 0, json: { peers: [] } });
  const token = asked[0]!.headers.authorization!.replace('Bearer ', '');
  const { payload } = await jwtVerify(token, await readApiKey(join(folder, 'keys')), { audience: 'tongban-api' });
  expect(payload).toMatchObject({ role: 'operator', sub: 'cli', iss: 'urn:tongban:region:320600' });
  expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(300);
});

test('every problem that the gateway names is printed, and the exit code says bad input', async () => {
  answer = json(422, {
    type: 'urn:tongban:error:VALIDATION_FAILED',
    title: '输入有误',
    status: 422,
    code: 'VALIDATION_FAILED',
    detail: '2 fields are wrong',
    errors: [
      { pointer: '/item', code: 'IDENTIFIER', message: 'is not an item code' },
      { pointer: '/applicant/name', code: 'REQUIRED', message: 'is required' },
    ],
  });
  const { code, stdout, stderr } = await tongban('case', 'submit', '{"item":"x"}', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: 'VALIDATION_FAILED',
      message: '2 fields are wrong',
      problems: [{ pointer: '/item' }, { pointer: '/applicant/name' }],
    },
  });
  expect(stderr.split('\n')[0]).toBe('VALIDATION_FAILED 输入有误 / 2 fields are wrong');
  expect(stderr).toContain('/applicant/name  REQUIRED  is required');
  expect(asked[0]).toMatchObject({ method: 'POST', url: '/v1/cases/submit' });
});

test.each([
  ['FINGERPRINT_MISMATCH', 422, 1],
  ['PEER_UNREACHABLE', 502, 3],
  ['NOT_FOUND', 404, 2],
])('%s of the gateway ends with its exit code', async (code, status, exit) => {
  answer = json(status, { code, detail: 'so it is', errors: [] });
  const ran = await tongban('authorization', 'show', 'x', '--json');
  expect(ran.code).toBe(exit);
  expect(JSON.parse(ran.stdout)).toEqual({ error: { code, message: 'so it is', problems: [] } });
});

test('something else that listens there is not taken for a gateway', async () => {
  answer = (response) => void response.writeHead(500, { 'content-type': 'text/html' }).end('<html>');
  expect((await tongban('peer', 'list')).code).toBe(3);
  answer = (response) => void response.writeHead(200).end('<html>');
  expect((await tongban('peer', 'list')).code).toBe(3);
});

test('a gateway that is gone is not reached', async () => {
  server.close();
  await once(server, 'close');
  const { code, stderr } = await tongban('peer', 'list');
  expect(code).toBe(3);
  expect(stderr).toContain('GATEWAY_UNREACHABLE');
});

test('what a user types stays inside its part of the path', async () => {
  answer = json(404, { code: 'NOT_FOUND', detail: '', errors: [] });
  await tongban('case', 'show', '../../metrics?x=1#y');
  expect(asked[0]!.url).toBe('/v1/cases/..%2F..%2Fmetrics%3Fx%3D1%23y');
});

test('input that is not JSON is refused before anything is sent', async () => {
  const file = join(folder, 'broken.json');
  await writeFile(file, '{"item":');
  for (const source of [file, '{"item":', join(folder, 'absent.json')])
    expect((await tongban('case', 'create', source)).code).toBe(2);
  expect(asked).toEqual([]);
});

test('a material is sent as it is, with its name and media type', async () => {
  const bytes = Buffer.from('%PDF-1.7 example');
  await writeFile(join(folder, '申请表.pdf'), bytes);
  answer = json(201, { name: '申请表', digest: 'ab', size: bytes.length, mediaType: 'application/pdf', grade: 'C' });
  const { code } = await tongban('material', 'add', 'N1', join(folder, '申请表.pdf'), '--name', '申请表');
  expect(code).toBe(0);
  expect(asked[0]).toMatchObject({ url: `/v1/cases/N1/materials?name=${encodeURIComponent('申请表')}`, body: bytes });
  expect(asked[0]!.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': String(bytes.length),
    'x-media-type': 'application/pdf',
  });
});

test('a material is saved only when its bytes have the digest', async () => {
  const bytes = Buffer.from('the original');
  const digest = createHash('sha256').update(bytes).digest('hex');
  answer = (response) => void response.writeHead(200).end(bytes);
  const good = join(folder, 'good');
  expect((await tongban('material', 'get', 'N1', digest, '--out', good)).code).toBe(0);
  expect(await readFile(good)).toEqual(bytes);
  expect((await stat(good)).mode & 0o077).toBe(0);
  const before = await readdir(folder);
  const { code, stderr } = await tongban(
    'material',
    'get',
    'N1',
    digest.replace(/^./, 'z'),
    '--out',
    join(folder, 'bad'),
  );
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('MATERIAL_DIGEST') });
  expect(await readdir(folder)).toEqual(before);
});

test('a download that breaks off leaves no file', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half', () => response.destroy());
  };
  const before = await readdir(folder);
  expect((await tongban('evidence', 'export', 'N1', '--out', join(folder, 'bundle.json'))).code).toBe(3);
  expect(await readdir(folder)).toEqual(before);
});

test('a certificate that its region does not call valid fails the check', async () => {
  const args = [
    'certificate',
    'check',
    '--region',
    '150626',
    '--identifier',
    'x',
    '--purpose',
    '核验',
    '--field',
    'a',
    'b',
  ];
  answer = json(200, { status: 'valid', answeredAt: 0, fields: { a: '1' } });
  expect((await tongban(...args)).code).toBe(0);
  expect(JSON.parse(asked[0]!.body.toString())).toEqual({
    region: '150626',
    identifier: 'x',
    purpose: '核验',
    fields: ['a', 'b'],
  });
  answer = json(200, { status: 'revoked', answeredAt: 0, fields: {} });
  expect((await tongban(...args)).code).toBe(1);
});

test('a certificate is asked about by its QR code alone, and only with a purpose', async () => {
  answer = json(200, { status: 'valid', answeredAt: 0, fields: {}, cached: true });
  const qr = ['certificate', 'check', '--qr', 'TONGBAN:150626:AAAAAAAAAAAAAAAAAAAAAAAAAA'];
  const { code, stdout } = await tongban(...qr, '--purpose', '窗口扫码');
  expect(code).toBe(0);
  expect(stdout).toContain('Cached');
  expect(JSON.parse(asked[0]!.body.toString())).toEqual({ qr: qr[3], purpose: '窗口扫码' });
  expect((await tongban(...qr)).code).toBe(2);
  expect(asked).toHaveLength(1);
});

test('a place for the answers to a list is refused where there is no list, and nothing is asked', async () => {
  const out = join(folder, 'answers.ndjson');
  const one = ['certificate', 'check', '--region', '150626', '--identifier', 'x', '--purpose', '核验', '--out', out];
  const { code, stderr } = await tongban(...one);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/VALIDATION_FAILED.*--file.*--evidence/) });
  expect(asked).toEqual([]);
});

test('a list is sent as it is; its answers are saved, counted, and those that are not good are named', async () => {
  const [list, out] = [join(folder, 'list.ndjson'), join(folder, 'answers.ndjson')];
  const questions = Array.from({ length: 5 }, (_, n) => `{"n":${n}}\n`).join('');
  await writeFile(list, questions);
  const lines = [
    '{"line":1,"status":"valid"}\n',
    ' {"line":2,"status":"rev',
    'oked"}\n{"line":3,"status":"found"}\n',
    '{"line":4,"code":"PEER_UNREACHABLE"}\n{"line":5,"status":"valid"}\n',
  ];
  answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (const line of lines) response.write(line);
    response.end();
  };
  const { code, stdout } = await tongban('certificate', 'check', '--file', list, '--out', out, '--json');
  expect({ code, json: JSON.parse(stdout) }).toEqual({
    code: 1,
    json: { lines: 5, counts: { PEER_UNREACHABLE: 1, found: 1, revoked: 1, valid: 2 }, notGood: 2 },
  });
  expect(asked[0]!.body.toString()).toBe(questions);
  expect(await readFile(out, 'utf8')).toBe(lines.join(''));
  const { stdout: text } = await tongban('certificate', 'check', '--file', list);
  expect(text).toMatch(/第 2 行.*revoked/);
  lines.push('{"line":6,"sta');
  const before = await readFile(out, 'utf8');
  expect((await tongban('certificate', 'check', '--file', list, '--out', out)).code).toBe(3);
  expect(await readFile(out, 'utf8')).toBe(before);
  expect((await tongban('certificate', 'check', '--file', list, '--qr', 'x')).code).toBe(2);
});

function tongban(...args: readonly string[]): ReturnType<typeof runTongban> {
  return runTongban(...args, '--gateway', folder);
}

function json(status: number, body: object): (response: ServerResponse) => void {
  const type = status < 400 ? 'application/json' : PROBLEM_JSON;
  return (response) => void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}
