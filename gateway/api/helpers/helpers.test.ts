import { Type } from '@fastify/type-provider-typebox';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CodedError } from '#proto';
import type { RouteModule } from '../server.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { demandMatch, etag, isUnchanged } from './etag.ts';
import { answerOnce, type IdempotencyStore, type StoredAnswer } from './idempotency.ts';
import { pageOf, pageQuery, pageRequest } from './pagination.ts';

const CLOSED = { additionalProperties: false };
const NUMBERS = Array.from({ length: 120 }, (_, index) => ({ name: `n${index % 7}`, id: index }));

class MemoryStore implements IdempotencyStore {
  readonly answers = new Map<string, StoredAnswer>();
  find(scope: string, key: string) {
    return this.answers.get(`${scope} ${key}`);
  }
  save(scope: string, key: string, answer: StoredAnswer) {
    this.answers.set(`${scope} ${key}`, answer);
  }
}

const store = new MemoryStore();
const work = { done: 0, wait: Promise.resolve(), began: () => {}, fail: false, inside: false };
let version = 1;

const routes: RouteModule = (app) => {
  const once = answerOnce(store);
  const Body = Type.Object({ a: Type.Integer() }, CLOSED);
  app.post('/v1/acts', { schema: { body: Body } }, async (request, reply) => {
    const { status, body } = await once(request, async (remember) => {
      work.began();
      await work.wait;
      const answer = { status: 201, body: { number: ++work.done } };
      if (work.inside) await remember(answer, store);
      if (work.fail) throw new CodedError('CONFLICT');
      return answer;
    });
    return reply.code(status).send(body);
  });
  app.get('/v1/numbers', { schema: { querystring: Type.Object({ ...pageQuery }, CLOSED) } }, async (request) => {
    const { limit, after } = pageRequest(request.query, ['string', 'number']);
    const found = NUMBERS.filter(({ id }) => after === undefined || id > after[1]).slice(0, limit + 1);
    return pageOf(found, limit, ({ name, id }) => [name, id]);
  });
  app.get('/v1/thing', async (request, reply) => {
    reply.header('etag', etag(version));
    return isUnchanged(request, version) ? reply.code(304).send() : { version };
  });
  app.put('/v1/thing', async (request, reply) => {
    demandMatch(request, version);
    version += 1;
    return reply.header('etag', etag(version)).send({ version });
  });
};

let api: TestApi;
let authorization: string;

beforeAll(async () => {
  const all = ['platform', 'operator'] as const;
  const access = { 'POST /v1/acts': all, 'GET /v1/numbers': all, 'GET /v1/thing': all, 'PUT /v1/thing': all };
  api = await startTestApi({ access, routes: [routes] });
  authorization = await api.bearer('platform');
});

beforeEach(() => {
  store.answers.clear();
  Object.assign(work, { done: 0, wait: Promise.resolve(), began: () => {}, fail: false, inside: false });
});

afterAll(async () => {
  await api.close(0);
});

async function act(key: string | undefined, a: number, headers: Record<string, string> = {}) {
  const keyed = key === undefined ? {} : { 'idempotency-key': key };
  const response = await api.app.inject({
    method: 'POST',
    url: '/v1/acts',
    payload: { a },
    headers: { authorization, ...keyed, ...headers },
  });
  return { status: response.statusCode, body: response.json() };
}

test('the same key and request get the same answer, and the work is done once', async () => {
  expect(await act('k1', 1)).toEqual({ status: 201, body: { number: 1 } });
  expect(await act('k1', 1)).toEqual({ status: 201, body: { number: 1 } });
  expect(work.done).toBe(1);
});

test('without a key, or with another, the work is done again', async () => {
  for (const key of [undefined, undefined, 'k1', 'k2']) await act(key, 1);
  expect(work.done).toBe(4);
});

test('a key that belongs to another request is refused', async () => {
  await act('k1', 1);
  expect(await act('k1', 2)).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  expect(work.done).toBe(1);
});

test('callers do not meet in their keys', async () => {
  await act('k1', 1);
  await act('k1', 1, { authorization: await api.bearer('platform', { subject: 'app' }) });
  await act('k1', 1, { authorization: await api.bearer('operator') });
  expect(work.done).toBe(3);
});

test('while the first is under way the second is told to wait', async () => {
  let finish = () => {};
  const began = new Promise<void>((resolve) => {
    work.began = resolve;
  });
  work.wait = new Promise((resolve) => {
    finish = resolve;
  });
  const first = act('k1', 1);
  await began;
  expect(await act('k1', 1)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  finish();
  expect((await first).status).toBe(201);
  expect((await act('k1', 1)).body).toEqual({ number: 1 });
  expect(work.done).toBe(1);
});

test('work that failed may be tried again with its key', async () => {
  work.fail = true;
  expect((await act('k1', 1)).status).toBe(409);
  work.fail = false;
  expect((await act('k1', 1)).status).toBe(201);
});

test('an answer that was remembered in the transaction is given even if the gateway failed after it', async () => {
  Object.assign(work, { inside: true, fail: true });
  expect((await act('k1', 1)).status).toBe(409);
  work.fail = false;
  expect(await act('k1', 1)).toEqual({ status: 201, body: { number: 1 } });
  expect(work.done).toBe(1);
});

test.each(['', 'a b', 'x'.repeat(129), '键'])('a malformed key is refused: %j', async (key) => {
  const response = await act(undefined, 1, { 'idempotency-key': key });
  expect(response).toMatchObject({ status: 422, body: { errors: [{ pointer: '/headers/idempotency-key' }] } });
  expect(work.done).toBe(0);
});

async function page(query: string) {
  const response = await api.app.inject({ url: `/v1/numbers${query}`, headers: { authorization } });
  return { status: response.statusCode, body: response.json() };
}

test('pages follow each other to the end without gap or repetition', async () => {
  const seen: number[] = [];
  let next: string | undefined;
  let pages = 0;
  do {
    const { body } = await page(next ? `?limit=40&cursor=${next}` : '?limit=40');
    seen.push(...body.items.map(({ id }: { id: number }) => id));
    next = body.next;
    pages += 1;
  } while (next);
  expect(pages).toBe(3);
  expect(seen).toEqual(NUMBERS.map(({ id }) => id));
  expect((await page('')).body.items).toHaveLength(50);
});

test.each([
  '?limit=0',
  '?limit=201',
  '?limit=abc',
  '?cursor=!',
  '?cursor=W10',
  '?cursor=WyJhIiwiYiJd',
  '?cursor=eyJhIjoxfQ',
])('%s is refused', async (query) => {
  const { status, body } = await page(query);
  expect(status).toBe(422);
  expect(body.errors[0].pointer).toMatch(/^\/query\/(limit|cursor)$/);
});

async function thing(method: 'GET' | 'PUT', headers: Record<string, string> = {}) {
  return api.app.inject({ method, url: '/v1/thing', headers: { authorization, ...headers } });
}

test('a change needs the tag of the version that it changes', async () => {
  const seen = String((await thing('GET')).headers.etag);
  expect((await thing('PUT')).statusCode).toBe(428);
  expect((await thing('PUT', { 'if-match': '"v0"' })).statusCode).toBe(412);
  const before = version;
  const changed = await thing('PUT', { 'if-match': `"v0", ${seen}` });
  expect(changed.statusCode).toBe(200);
  expect(version).toBe(before + 1);
  const late = await thing('PUT', { 'if-match': seen });
  expect(late.statusCode).toBe(412);
  expect(late.json()).toMatchObject({ code: 'CONFLICT', status: 412 });
  expect(late.headers.etag).toBe(changed.headers.etag);
  expect(version).toBe(before + 1);
});

test('who has the version already does not get it again', async () => {
  const seen = String((await thing('GET')).headers.etag);
  expect((await thing('GET', { 'if-none-match': seen })).statusCode).toBe(304);
  expect((await thing('GET', { 'if-none-match': '"v0"' })).statusCode).toBe(200);
});
