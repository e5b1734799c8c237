import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { Type } from '@fastify/type-provider-typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CodedError } from '#proto';
import { localUrl } from '../config/address.ts';
import type { AccessTable } from './roles.ts';
import type { RouteModule } from './server.ts';
import { startTestApi, type TestApi } from './testing/api.ts';

const CLOSED = { additionalProperties: false };
const Applicant = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 20 }), age: Type.Integer({ minimum: 0 }) },
  CLOSED,
);
const Submission = Type.Object(
  {
    item: Type.String({ pattern: '^[0-9]{4}$' }),
    mode: Type.Union([Type.Literal('agency'), Type.Literal('joint')]),
    grade: Type.Optional(Type.Enum(['A', 'B'])),
    applicant: Applicant,
    tags: Type.Optional(Type.Array(Type.String(), { maxItems: 2 })),
  },
  CLOSED,
);

const ACCESS: AccessTable = {
  'POST /v1/cases': ['platform'],
  'GET /v1/cases/:id': ['platform'],
  'GET /v1/faults/:kind': ['platform'],
  'PUT /v1/materials': ['platform'],
  'POST /v1/bulk': ['platform'],
  'GET /v1/slow': 'open',
};

const submitted: unknown[] = [];
let letGo: () => void = () => undefined;
let slowBegan: () => void = () => undefined;

const routes: RouteModule = (app) => {
  app.post('/v1/cases', { schema: { body: Submission } }, async (request, reply) => {
    submitted.push(request.body.applicant.name);
    return reply.code(201).send({ item: request.body.item });
  });
  const Query = Type.Object({ limit: Type.Optional(Type.String({ pattern: '^[0-9]+$' })) }, CLOSED);
  app.get('/v1/cases/:id', { schema: { querystring: Query } }, async (request) => ({ limit: request.query.limit }));
  app.get('/v1/faults/:kind', async (request) => {
    const { kind } = request.params as { kind: string };
    if (kind === 'coded') throw new CodedError('CASE_UNKNOWN', 'no case has this id');
    if (kind === 'fields')
      throw new CodedError('VALIDATION_FAILED', undefined, [{ pointer: '/a', code: 'X', message: 'y' }]);
    if (kind === 'many') {
      const problem = { pointer: '/a', code: 'X', message: 'y' };
      throw new CodedError('VALIDATION_FAILED', undefined, new Array(5000).fill(problem));
    }
    if (kind === 'full') throw new CodedError('BACK_PRESSURE');
    throw new Error('SELECT name FROM people: 张通办 11010519491231002X');
  });
  app.put('/v1/materials', { bodyLimit: 300_000, config: { streams: 'application/octet-stream' } }, async (request) => {
    let bytes = 0;
    for await (const chunk of request.body as Readable) bytes += (chunk as Buffer).length;
    return { bytes };
  });
  app.post('/v1/bulk', { config: { streams: 'application/x-ndjson' } }, async (request) => {
    let text = '';
    for await (const chunk of request.body as Readable) text += (chunk as Buffer).toString();
    return { lines: text.trim().split('\n').length };
  });
  app.get('/v1/slow', async () => {
    slowBegan();
    await new Promise<void>((resolve) => {
      letGo = resolve;
    });
    return { done: true };
  });
};

let api: TestApi;
let base: string;
let authorization: string;

beforeAll(async () => {
  api = await startTestApi({ access: ACCESS, routes: [routes] });
  base = localUrl(await api.listen({ host: '127.0.0.1', port: 0 }));
  authorization = await api.bearer('platform');
});

afterAll(async () => {
  await api.close(0);
});

interface Sent {
  method?: string;
  body?: RequestInit['body'];
  headers?: Record<string, string>;
}

async function ask(path: string, { headers, ...rest }: Sent = {}) {
  const response = await fetch(base + path, {
    ...rest,
    headers: { authorization, ...headers },
    ...(rest.body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

function parsed(text: string): Record<string, unknown> {
  return text.startsWith('{') ? JSON.parse(text) : {};
}

const JSON_TYPE = { 'content-type': 'application/json' };
const GOOD = { item: '0042', mode: 'agency', applicant: { name: '李四', age: 30 } };

async function expectProblem(sent: Promise<Awaited<ReturnType<typeof ask>>>, status: number, code: string) {
  const answer = await sent;
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({ type: `urn:tongban:error:${code}`, status, code });
  expect(answer.body['instance']).toBe(`urn:uuid:${answer.headers.get('x-request-id')}`);
  return answer;
}

test('a good request is answered', async () => {
  const answer = await ask('/v1/cases', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(GOOD) });
  expect(answer).toMatchObject({ status: 201, body: { item: '0042' } });
});

test('every wrong field is named at once, nothing is converted, and the route is not entered', async () => {
  const before = submitted.length;
  const wrong = {
    item: '42',
    mode: 'none',
    grade: 'C',
    applicant: { name: '', age: '30', 'mobile/x~': '13912345678' },
    tags: ['a', 'b', 'c'],
    extra: 1,
  };
  const sent = ask('/v1/cases', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(wrong) });
  const { body, text } = await expectProblem(sent, 422, 'VALIDATION_FAILED');
  const errors = body['errors'] as { pointer: string; code: string }[];
  expect(errors.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
    '/applicant/age TYPE',
    '/applicant/mobile~1x~0 UNKNOWN_FIELD',
    '/applicant/name REQUIRED',
    '/extra UNKNOWN_FIELD',
    '/grade NOT_IN_LIST',
    '/item FORMAT',
    '/mode NOT_IN_LIST',
    '/tags TOO_MANY',
  ]);
  expect(text).not.toContain('13912345678');
  expect(submitted).toHaveLength(before);
});

test('absent fields are named where they should be', async () => {
  const sent = ask('/v1/cases', { method: 'POST', headers: JSON_TYPE, body: '{"applicant":{}}' });
  const { body } = await expectProblem(sent, 422, 'VALIDATION_FAILED');
  expect((body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
    '/applicant/age',
    '/applicant/name',
    '/item',
    '/mode',
  ]);
});

test('wrong query parameters are named as such', async () => {
  const { body } = await expectProblem(ask('/v1/cases/1?limit=x&page=2'), 422, 'VALIDATION_FAILED');
  expect(body['errors']).toMatchObject([{ pointer: '/query/page' }, { pointer: '/query/limit', code: 'FORMAT' }]);
});

test('what a service throws becomes the answer of its code', async () => {
  const { body } = await expectProblem(ask('/v1/faults/coded'), 404, 'CASE_UNKNOWN');
  expect(body).toMatchObject({ title: '办件不存在', detail: 'no case has this id', errors: [] });
  const fields = await expectProblem(ask('/v1/faults/fields'), 422, 'VALIDATION_FAILED');
  expect(fields.body['errors']).toEqual([{ pointer: '/a', code: 'X', message: 'y' }]);
  const full = await expectProblem(ask('/v1/faults/full'), 429, 'BACK_PRESSURE');
  expect(full.headers.get('retry-after')).toBe('1');
});

test('the list of wrong fields is bounded', async () => {
  const { body } = await expectProblem(ask('/v1/faults/many'), 422, 'VALIDATION_FAILED');
  expect(body['errors']).toHaveLength(100);
});

test('the unexpected says nothing to the caller, and to the log only where it happened', async () => {
  const { text, headers } = await expectProblem(ask('/v1/faults/unexpected'), 500, 'INTERNAL');
  expect(text).not.toMatch(/SELECT|张通办|11010519491231002X/);
  const line = api.logged.map((entry) => JSON.parse(entry)).find(({ msg }) => msg === 'request failed unexpectedly');
  expect(line).toMatchObject({ request: headers.get('x-request-id'), err: { cause: { class: 'Error' } } });
  expect(api.logged.join('')).not.toMatch(/SELECT|张通办|11010519491231002X/);
});

test.each<[string, string, Sent, number, string]>([
  ['an unknown address', '/v1/nothing', {}, 404, 'NOT_FOUND'],
  ['an unknown file of the documentation', '/docs/static/nothing.js', {}, 404, 'NOT_FOUND'],
  ['a wrong method', '/v1/cases/7', { method: 'DELETE' }, 405, 'REQUEST_INVALID'],
  [
    'malformed JSON',
    '/v1/cases',
    { method: 'POST', headers: JSON_TYPE, body: '{"name":"张三' },
    400,
    'REQUEST_INVALID',
  ],
  ['an empty JSON body', '/v1/cases', { method: 'POST', headers: JSON_TYPE }, 400, 'REQUEST_INVALID'],
  [
    'a poisoned prototype',
    '/v1/cases',
    { method: 'POST', headers: JSON_TYPE, body: '{"__proto__":{"x":1}}' },
    400,
    'REQUEST_INVALID',
  ],
  ['a form', '/v1/cases', { method: 'POST', body: new URLSearchParams({ a: '1' }) }, 415, 'REQUEST_INVALID'],
  ['plain text', '/v1/cases', { method: 'POST', body: 'hello' }, 415, 'REQUEST_INVALID'],
  [
    'a stream where JSON belongs',
    '/v1/cases',
    { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: 'x' },
    415,
    'REQUEST_INVALID',
  ],
  [
    'JSON where a stream belongs',
    '/v1/materials',
    { method: 'PUT', headers: JSON_TYPE, body: '{}' },
    415,
    'REQUEST_INVALID',
  ],
  ['nothing where a stream belongs', '/v1/materials', { method: 'PUT' }, 415, 'REQUEST_INVALID'],
  [
    'too large a body',
    '/v1/cases',
    { method: 'POST', headers: JSON_TYPE, body: JSON.stringify('x'.repeat(70_000)) },
    413,
    'REQUEST_INVALID',
  ],
  ['a broken escape in the address', '/v1/cases/%zz', {}, 400, 'REQUEST_INVALID'],
])('%s is answered as a problem', async (_what, path, sent, status, code) => {
  const before = submitted.length;
  const { text } = await expectProblem(ask(path, sent), status, code);
  expect(text).not.toContain('张三');
  expect(submitted).toHaveLength(before);
});

test('a wrong method is told the right ones', async () => {
  expect((await ask('/v1/cases/7', { method: 'DELETE' })).headers.get('allow')).toBe('GET');
  expect((await ask('/healthz', { method: 'POST' })).headers.get('allow')).toBe('GET');
});

test('what is not HTTP is answered as a problem too', async () => {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.end('NONSENSE\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const [head, body] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(head).toContain('application/problem+json');
  expect(JSON.parse(body ?? '')).toMatchObject({ code: 'REQUEST_INVALID', status: 400 });
});

test('octets reach the route as a stream, up to the limit of the route', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  expect(await ask('/v1/materials', { method: 'PUT', headers, body: Buffer.alloc(300_000) })).toMatchObject({
    status: 200,
    body: { bytes: 300_000 },
  });
  await expectProblem(
    ask('/v1/materials', { method: 'PUT', headers, body: Buffer.alloc(300_001) }),
    413,
    'REQUEST_INVALID',
  );
});

test('a stream that does not say its length is bounded as well', async () => {
  const headers = { 'content-type': 'application/octet-stream' };
  const chunks = (count: number) =>
    Readable.toWeb(Readable.from(new Array(count).fill(Buffer.alloc(50_000)))) as unknown as RequestInit['body'];
  expect((await ask('/v1/materials', { method: 'PUT', headers, body: chunks(6) })).body).toEqual({ bytes: 300_000 });
  await expectProblem(ask('/v1/materials', { method: 'PUT', headers, body: chunks(7) }), 413, 'REQUEST_INVALID');
});

test('an upload that breaks off is not taken for a whole one, and does not hurt others', async () => {
  const { hostname, port } = new URL(base);
  const before = api.logged.length;
  const socket = connect(Number(port), hostname);
  const head = `PUT /v1/materials HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n`;
  socket.write(`${head}content-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\nabc`);
  await once(socket, 'connect');
  socket.destroy();
  await expect.poll(() => api.logged.slice(before).some((line) => line.includes('the client went away'))).toBe(true);
  expect(api.logged.slice(before).join('')).not.toContain('failed unexpectedly');
  expect((await ask('/v1/cases/1')).status).toBe(200);
});

test('NDJSON reaches the route as a stream', async () => {
  const headers = { 'content-type': 'application/x-ndjson; charset=utf-8' };
  expect((await ask('/v1/bulk', { method: 'POST', headers, body: '{"a":1}\n{"a":2}\n' })).body).toEqual({ lines: 2 });
});

test('answers carry the headers that keep browsers careful', async () => {
  const { headers } = await ask('/v1/cases/1');
  expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-powered-by')).toBeNull();
});

test('requests are counted and logged by the pattern of their route, not by what was asked', async () => {
  await ask('/v1/cases/11010519491231002X?limit=13912345678');
  await ask('/11010519491231002X');
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toMatch(/tongban_http_requests_total\{route="\/v1\/cases\/:id",status="200"\} \d+/);
  expect(metrics).toMatch(/tongban_http_requests_total\{route="unknown",status="404"\} \d+/);
  expect(metrics + api.logged.join('')).not.toMatch(/11010519491231002X|13912345678/);
  expect(JSON.parse(api.logged.at(-1) ?? '')).toMatchObject({
    msg: 'request answered',
    route: '/metrics',
    status: 200,
  });
});

test('readiness follows the parts of the gateway', async () => {
  expect(await ask('/healthz')).toMatchObject({ status: 200, body: { status: 'alive' } });
  expect(await ask('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', checks: { store: true } } });
  const states = [
    () => ({ ready: false, checks: { store: true, peers: false } }),
    () => Promise.reject(new Error('x')),
  ];
  for (const state of states) {
    const other = await startTestApi({ access: {}, ready: async () => state() });
    const response = await other.app.inject('/readyz');
    expect(response.statusCode).toBe(503);
    expect(response.json().status).toBe('not ready');
    expect((await other.app.inject('/healthz')).statusCode).toBe(200);
    await other.close(0);
  }
});

test('too many requests of one caller are sent away for a while; others and probes are not', async () => {
  const limited = await startTestApi({
    access: ACCESS,
    routes: [routes],
    limits: { bodyBytes: 1024, requestsPerMinute: 3 },
  });
  const call = async (headers: Record<string, string>, url = '/v1/cases/1') => limited.app.inject({ url, headers });
  const hall = { authorization: await limited.bearer('platform') };
  for (let count = 0; count < 3; count++) expect((await call(hall)).statusCode).toBe(200);
  const refused = await call(hall);
  expect(refused.statusCode).toBe(429);
  expect(refused.json()).toMatchObject({ code: 'BACK_PRESSURE' });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  const other = { authorization: await limited.bearer('platform', { subject: 'app' }) };
  expect((await call(other)).statusCode).toBe(200);
  for (let count = 0; count < 3; count++) expect((await call({})).statusCode).toBe(401);
  expect((await call({})).statusCode).toBe(429);
  expect((await call({}, '/v1/unknown')).statusCode).toBe(429);
  expect((await call({}, '/healthz')).statusCode).toBe(200);
  await limited.close(0);
});

test('the API describes itself: routes, roles, tokens and problems', async () => {
  const { body } = await ask('/openapi.json', { headers: { authorization: '' } });
  expect(body).toMatchObject({
    openapi: '3.1.0',
    paths: {
      '/v1/cases': {
        post: {
          security: [{ token: [] }],
          'x-roles': ['platform'],
          requestBody: { content: { 'application/json': { schema: { required: ['item', 'mode', 'applicant'] } } } },
          responses: { default: { content: { 'application/problem+json': {} } } },
        },
      },
      '/v1/cases/{id}': { get: {} },
      '/v1/slow': { get: {} },
    },
    components: { schemas: { Problem: {} }, securitySchemes: { token: { scheme: 'bearer' } } },
  });
  expect(body['paths']).not.toMatchObject({ '/v1/slow': { get: { security: expect.anything() } } });
});

test('the page of the documentation needs no other server', async () => {
  const page = await fetch(`${base}/docs/`);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '');
  expect(linked.length).toBeGreaterThan(3);
  for (const link of linked) {
    expect(link).not.toMatch(/^(https?:)?\/\//);
    expect((await fetch(new URL(link, `${base}/docs/`))).status).toBe(200);
  }
  expect(await (await fetch(`${base}/docs/static/swagger-initializer.js`)).text()).toContain('"validatorUrl":null');
});

test('a schema that lets unknown fields in stops the start', async () => {
  const open: RouteModule = (app) => {
    const body = Type.Object({ inner: Type.Object({ a: Type.String() }) }, CLOSED);
    app.post('/v1/open', { schema: { body } }, async () => ({}));
  };
  await expect(startTestApi({ access: { 'POST /v1/open': 'open' }, routes: [open] })).rejects.toThrow(
    'POST /v1/open: set additionalProperties in the schema at body/properties/inner',
  );
});

test('closing lets what is under way finish and refuses what is new', async () => {
  const closing = await startTestApi({ access: ACCESS, routes: [routes] });
  const url = localUrl(await closing.listen({ host: '127.0.0.1', port: 0 }));
  const began = new Promise<void>((resolve) => {
    slowBegan = resolve;
  });
  const slow = fetch(`${url}/v1/slow`);
  await began;
  const closed = closing.close(10_000);
  const late = await closing.app.inject('/v1/slow').catch((error: unknown) => error);
  expect(late).toMatchObject({ statusCode: 503 });
  letGo();
  expect(await (await slow).json()).toEqual({ done: true });
  await closed;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test('closing lets finish what came over a connection that was handed over, and does not wait for ever', async () => {
  for (const graceMs of [10_000, 50]) {
    const closing = await startTestApi({ access: ACCESS, routes: [routes] });
    await closing.listen({ host: '127.0.0.1', port: 0 });
    const door = createServer(closing.accept).listen(0, '127.0.0.1');
    await once(door, 'listening');
    const began = new Promise<void>((resolve) => {
      slowBegan = resolve;
    });
    const slow = fetch(`http://127.0.0.1:${(door.address() as { port: number }).port}/v1/slow`);
    await began;
    door.close();
    const closed = closing.close(graceMs);
    if (graceMs === 50) await expect(slow).rejects.toThrow();
    letGo();
    if (graceMs > 50) expect(await (await slow).json()).toEqual({ done: true });
    await closed;
  }
});

test('closing does not wait for ever', async () => {
  const closing = await startTestApi({ access: ACCESS, routes: [routes] });
  const url = localUrl(await closing.listen({ host: '127.0.0.1', port: 0 }));
  const began = new Promise<void>((resolve) => {
    slowBegan = resolve;
  });
  const slow = expect(fetch(`${url}/v1/slow`)).rejects.toThrow();
  await began;
  await closing.close(50);
  await slow;
  letGo();
});
