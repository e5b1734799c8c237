import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Adapter, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import type { MappedAnswer, Mapping } from '../mapping/mapping.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { PlatformServer, type ReceivedRequest } from '../testing/platform-server.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { httpKind } from './http-adapter.ts';

const { signal } = new AbortController();

/** A platform that answers 200 to everything and says in the body what it means by that. */
sinkContract('http with a mapping', async () => {
  const platform = await new PlatformServer().listen();
  const received = new Map<unknown, Record<string, unknown>>();
  const refused = new Set<string>();
  let isBroken = false;
  platform.handler = ({ headers, body }, response) => {
    const { event } = JSON.parse(body.toString());
    const code = isBroken ? 500 : refused.has(event.id) ? 4001 : 0;
    const id = headers['idempotency-key'];
    if (code === 0 && !received.has(id)) received.set(id, event);
    response.end(JSON.stringify({ code, msg: '说明', data: { no: 'HALL-1' } }));
  };
  const mapping = plainMapping(() => ({}), {
    async out(event) {
      const { id, type, source, subject, sequence, data } = event;
      const time = new Date(event.time).toISOString();
      const common = { specversion: '1.0', datacontenttype: 'application/json', time };
      const written = { ...common, id, type, source, subject, data, sequence: String(sequence).padStart(16, '0') };
      return { ok: true, documents: [{ path: '/events', body: { event: written } }] };
    },
    answer: async (response): Promise<MappedAnswer> => {
      const { code } = response as { code: number };
      return { verdict: code === 0 ? 'taken' : code === 500 ? 'retry' : 'refuse', reason: String(code) };
    },
  });
  const adapter = await httpKind.create(
    { name: 'hall', url: `http://${platform.host}/api/`, auth: { type: 'none' } },
    testContext(),
    mapping,
  );
  return {
    sink: adapter.sink!,
    received: async () => [...received.values()],
    breakDown: async () => {
      isBroken = true;
    },
    recover: async () => {
      isBroken = false;
    },
    refuse: async ({ id }) => void refused.add(id),
    async close() {
      await adapter.close();
      await platform.close();
    },
  };
});

describe('a request of a mapping', () => {
  let platform: PlatformServer;
  let bound: string[];
  const adapters: Adapter[] = [];
  beforeEach(async () => {
    platform = await new PlatformServer().listen();
    bound = [];
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.close();
    await platform.close();
  });

  it.each<[unknown, Partial<ReceivedRequest>]>([
    [{}, { method: 'POST', path: '/api' }],
    [{ body: { 姓名: '张三' } }, { body: Buffer.from('{"姓名":"张三"}') }],
    [
      { body: [], method: 'PUT', path: '/cases/1' },
      { method: 'PUT', path: '/api/cases/1', body: Buffer.from('[]') },
    ],
    [{ path: '/cases', query: { page: 1, tag: ['a', 'b'] } }, { path: '/api/cases?page=1&tag=a&tag=b' }],
    [{ form: { 姓名: '张三', n: 1, x: null } }, { body: Buffer.from('%E5%A7%93%E5%90%8D=%E5%BC%A0%E4%B8%89&n=1') }],
    [
      { method: 'GET', path: '/done', query: { id: 1 } },
      { method: 'GET', path: '/api/done?id=1', body: Buffer.alloc(0) },
    ],
    [
      { method: 'DELETE', path: '/cases/1' },
      { method: 'DELETE', path: '/api/cases/1' },
    ],
  ])('%j arrives as it says', async (document, expected) => {
    await deliver(document);
    expect(platform.requests).toMatchObject([expected]);
  });

  it('has its content type, its id, and headers from the list in the settings', async () => {
    await deliver({ form: { a: 1 }, headers: { 'X-District': '320612' } }, { headers: ['x-district'] });
    await deliver({ body: {} }, { idempotency_header: 'x-request-no' });
    const [form, json] = platform.requests.map(({ headers }) => headers);
    expect(form).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'x-district': '320612',
      'idempotency-key': testEvent(1).id,
      'accept-encoding': 'identity',
    });
    expect(json).toMatchObject({ 'content-type': 'application/json', 'x-request-no': testEvent(1).id });
  });

  it.each<[unknown, string]>([
    ['text', ''],
    [{ url: 'http://169.254.169.254/' }, '/url'],
    [{ path: '//evil.example/x' }, '/path'],
    [{ path: '/../admin' }, '/path'],
    [{ path: '/%2e%2E/admin' }, '/path'],
    [{ path: 'x' }, '/path'],
    [{ path: 7 }, '/path'],
    [{ method: 'CONNECT' }, '/method'],
    [{ headers: { 'x-other': '1' } }, '/headers/x-other'],
    [{ headers: { host: 'evil.example' } }, '/headers/host'],
    [{ headers: { 'x-district': 'a\r\nx-evil: 1' } }, '/headers/x-district'],
    [{ query: { a: { b: 1 } } }, '/query/a'],
    [{ query: [] }, '/query'],
    [{ body: {}, form: {} }, '/form'],
    [{ body: 'x'.repeat(24 * 1024 * 1024) }, '/body'],
  ])('that is none is refused for good, nothing is sent: %#', async (document, pointer) => {
    const error = await failure(deliver(document, { headers: ['x-district'] }));
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toContain(`${pointer} `);
    expect(error.message).not.toContain('evil');
    expect(platform.requests).toEqual([]);
  });

  it.each<[string, number, string, 'taken' | boolean]>([
    ['taken', 200, '{"code":0,"data":{"no":"HALL-7"}}', 'taken'],
    ['a failure that passes, with 200', 200, '{"code":500}', true],
    ['a refusal, with 200', 200, '{"code":4001}', false],
    ['nothing at all', 204, '', false],
    ['a page for people', 200, '<html>', true],
    ['longer than anybody reads', 200, `"${'x'.repeat(300_000)}"`, true],
    ['a refusal by its status', 422, '{"code":0}', false],
    ['a failure by its status', 502, '{"code":0}', true],
    ['a repetition', 409, '{"code":0,"data":{"no":"HALL-7"}}', 'taken'],
  ])('whose answer is %s', async (_, status, body, verdict) => {
    platform.handler = (_request, response) => response.writeHead(status).end(body);
    const delivery = deliver({ body: {} }, { also_taken: [409] }, { answer });
    if (verdict === 'taken') {
      await delivery;
      expect(bound).toEqual([`${testEvent(1).subject} HALL-7`]);
    } else {
      expect(await failure(delivery)).toMatchObject({ retryable: verdict });
      expect(bound).toEqual([]);
    }
    expect(platform.requests).toHaveLength(1);
  });

  it('is one of several with ids of their own', async () => {
    await deliver([{ path: '/a' }, { path: '/b' }]);
    const { id } = testEvent(1);
    expect(platform.requests.map(({ path, headers }) => [path, headers['idempotency-key']])).toEqual([
      ['/api/a', id],
      ['/api/b', `${id}-2`],
    ]);
  });

  it('that takes too long to answer is given up', async () => {
    platform.handler = (_, response) => {
      response.writeHead(200).write('{');
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    };
    expect((await failure(deliver({}, { timeout_ms: 100 }, { answer }))).message).toContain('100 ms');
  });

  async function deliver(document: unknown, more: object = {}, words: Partial<Mapping> = {}): Promise<void> {
    const documents = Array.isArray(document) ? document : [document];
    const mapping = plainMapping(() => ({}), { out: async () => ({ ok: true, documents }), ...words });
    const base = testContext();
    const cases = {
      ...base.cases,
      bind: async (conversation: string, reference: string) => void bound.push(`${conversation} ${reference}`),
    };
    const config = { name: 'hall', url: `http://${platform.host}/api`, auth: { type: 'none' }, ...more } as const;
    const adapter = await httpKind.create(config, { ...base, cases }, mapping);
    adapters.push(adapter);
    await adapter.sink!.deliver(testEvent(1), signal);
  }
});

it.each<[Record<string, unknown>, string]>([
  [{ headers: ['authorization'] }, '/headers/0'],
  [{ headers: ['Host'] }, '/headers/0'],
  [{ headers: ['content-type'] }, '/headers/0'],
  [{ idempotency_header: 'cookie' }, '/idempotency_header'],
  [{ also_taken: [200] }, '/also_taken/0'],
  [{ url: undefined }, '/url'],
  [{ auth: undefined }, '/auth'],
  [{ poll: { path: '/', key: [] } }, '/poll/key'],
  [{ poll: { path: '/?a=1' } }, '/poll/path'],
  [{ poll: { path: '/', body: {} } }, '/poll/body'],
  [{ poll: { path: '/', pages: { by: 'magic', name: 'p' } } }, '/poll/pages/by'],
  [{ poll: { path: '/', pages: { by: 'page', name: 'p', in: 'body' } } }, '/poll/pages/in'],
  [{ poll: { path: '/', ack: { path: 'x' } } }, '/poll/ack/path'],
  [{ tls: { key_file: '/k' } }, '/tls/certificate_file'],
])('the settings %j are refused at %s', async (changes, pointer) => {
  const config = { name: 'hall', url: 'https://hall.example.gov.cn/', auth: { type: 'none' }, ...changes };
  const error = await createAdapter('http', config, testContext()).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect((error as PlatformError).problems.map((problem) => problem.pointer)).toContain(pointer);
});

async function answer(response: unknown): Promise<MappedAnswer> {
  const { code, data } = (response ?? { code: -1 }) as { code: number; data?: { no: string } };
  const verdict = code === 0 ? 'taken' : code === 500 ? 'retry' : 'refuse';
  return { verdict, reason: String(code), ...(data && { reference: data.no }) };
}

async function failure(delivery: Promise<void>): Promise<PlatformError> {
  const error = await delivery.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PlatformError);
  return error as PlatformError;
}
