import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Adapter, type DataQuery, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import type { CreditFinding, CreditQuery } from '../credit.ts';
import { testContext } from '../testing/context.ts';
import { creditContract, creditQuery } from '../testing/credit-contract.ts';
import { dataContract, testQuery } from '../testing/data-contract.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer, type ReceivedRequest } from '../testing/platform-server.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const { signal } = new AbortController();

/** A platform that shares data, with one service for each directory, columns of its own and an envelope around answers. */
const SHARING = `
mapping: 1
tables:
  column: { ZL: address, MJ: area }
  certificate: { '01': citizen-number, '02': social-credit-code, '99': text }
out:
  - on: cn.tongban.service.data-question.v1
    when: event.data.kind = 'real-estate'
    document:
      path: { value: /bdc/cx }
      query.xzqh: event.data.region
      headers.x-item: event.data.item
      body.lsh: event.data.id
      body.tj: { each: event.data.parameters, fields: { mc: name, lx: { from: type, table: certificate }, z: value } }
      body.lm: { from: "event.data.fields.$code('column', $)", type: list }
      body.yt: event.data.purpose
      body.yj: event.data.legalBasis
in:
  - when: answer.total = 0
    case: request.id
    note: data-shared
    data: { found: { value: false } }
  - case: request.id
    note: data-shared
    data:
      found: { value: true }
      fields.address: { from: 'answer.rows[0].ZL', required: true }
      fields.area: { from: 'answer.rows[0].MJ', type: text }
answer: { taken: code = '200', retry: code = '503', reason: code }
`;

/** A credit platform that is asked by GET, and lists who is not in good credit. */
const CREDIT = `
mapping: 1
tables:
  certificate: { '01': citizen-number, '02': social-credit-code }
  state: { 0: good, 1: restricted, 2: unknown }
out:
  - on: cn.tongban.service.credit-question.v1
    document:
      method: { value: GET }
      query.lsh: event.data.id
      query.zjlx: { from: event.data.documentType, table: certificate }
      query.xydm: event.data.documentNumber
      query.mc: event.data.name
in:
  - when: answer.zt = '9'
    ignore: 平台没有说什么
  - case: request.id
    note: credit-checked
    data:
      result: { from: answer.zt, table: state, required: true }
      code: answer.yy
answer: { taken: code = 0, retry: code = 503 }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** A platform that believes nobody without a proof, and the adapter that asks it in its own words. */
async function openMapped(kind: 'http-query' | 'http-credit', answer: (request: ReceivedRequest) => unknown) {
  const server = await new PlatformServer().listen();
  const [mapping, secret] = ['words.yaml', 'secret'].map((name) => join(folder.path, name)) as [string, string];
  await writeFile(mapping, kind === 'http-query' ? SHARING : CREDIT);
  await writeFile(secret, SECRET);
  const auth =
    kind === 'http-query'
      ? {
          auth: { type: 'signature', app_id: 'tongban', secret_file: secret },
          kinds: ['real-estate'],
          headers: ['x-item'],
        }
      : { auth: { type: 'api-key', secret_file: secret } };
  const config = { name: 'platform', url: `http://${server.host}/api`, mapping, timeout_ms: 300, ...auth };
  const context = testContext();
  const adapter: Adapter = await createAdapter(kind, config, context);
  let state: 'well' | 'silent' | 'broken' = 'well';
  server.handler = (request, response: ServerResponse) => {
    const isProven = request.headers['x-api-key'] === SECRET || asked(request).has('sign');
    if (state === 'silent') return;
    if (state === 'broken' || !isProven) return void response.writeHead(isProven ? 503 : 401).end();
    const said = answer(request);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  };
  const become = (next: typeof state) => async () => {
    state = next;
  };
  return {
    ...{ server, adapter, lines: context.lines },
    ...{ fallSilent: become('silent'), breakDown: become('broken'), recover: become('well') },
    async close() {
      await adapter.close();
      await server.close();
    },
  };
}

const asked = ({ path }: ReceivedRequest) => new URL(path!, 'http://platform').searchParams;

/** The question as the platform reads it, in the names of the port. */
function readQuestion(request: ReceivedRequest): DataQuery {
  const { lsh: id, tj, lm, yt: purpose, yj: legalBasis } = JSON.parse(request.body.toString());
  const types: Readonly<Record<string, string>> = { '02': 'social-credit-code', '99': 'text' };
  const columns: Readonly<Record<string, string>> = { ZL: 'address', MJ: 'area' };
  return {
    ...{ id, region: asked(request).get('xzqh')!, item: String(request.headers['x-item']), purpose, legalBasis },
    kind: request.path!.startsWith('/api/bdc/cx?') ? 'real-estate' : '',
    parameters: tj.map(({ mc, lx, z }: Record<string, string>) => ({ name: mc, type: types[lx!], value: z })),
    fields: lm.map((name: string) => columns[name]),
  };
}

dataContract('http-query with a mapping', async () => {
  const rows = new Map<string, object>();
  const questions: DataQuery[] = [];
  const bench = await openMapped('http-query', (request) => {
    const question = readQuestion(request);
    questions.push(question);
    const row = rows.get(question.parameters[0]!.value);
    return { code: '200', total: row ? 1 : 0, rows: row ? [row] : [] };
  });
  return {
    ...bench,
    source: bench.adapter.data!,
    put: async (value, { address: ZL, area: MJ }) => void rows.set(value, { ZL, MJ }),
    asked: async () => questions,
  };
});

creditContract('http-credit with a mapping', async () => {
  const known = new Map<string, CreditFinding>();
  const questions: CreditQuery[] = [];
  const bench = await openMapped('http-credit', (request) => {
    const { lsh, zjlx, xydm, mc } = Object.fromEntries(asked(request)) as Record<string, string>;
    const documentType = zjlx === '02' ? 'social-credit-code' : '';
    questions.push({ id: lsh!, documentType, documentNumber: xydm!, name: mc! });
    const { result, code: yy } = known.get(xydm!) ?? { result: 'unknown', code: '' };
    return { code: 0, zt: String(['good', 'restricted', 'unknown'].indexOf(result)), yy };
  });
  return {
    ...bench,
    source: bench.adapter.credit!,
    put: async (number, finding) => void known.set(number, finding),
    asked: async () => questions,
  };
});

describe('an answer in the words of a platform', () => {
  let bench: Awaited<ReturnType<typeof openMapped>>;
  afterEach(() => bench.close());

  async function failure(work: Promise<unknown>): Promise<PlatformError> {
    const error = await work.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformError);
    expect((error as Error).message).not.toMatch(/示例街|王某|7777/);
    expect(bench.lines).toEqual([]);
    return error as PlatformError;
  }

  it('tells no fields but those that were asked for, and looks at no others', async () => {
    const row = { ZL: '示例街1号', MJ: 'x'.repeat(5_000), QLR: '王某' };
    bench = await openMapped('http-query', () => ({ code: '200', total: 1, rows: [row] }));
    const finding = await bench.adapter.data!.answer(testQuery({ fields: ['address'] }), signal);
    expect(finding).toEqual({ found: true, fields: { address: '示例街1号' } });
  });

  it.each([
    ['no JSON', '<html>示例街</html>', false],
    ['nothing', '', false],
    ['no rows and no number of them', { code: '200' }, false],
    ['a row without what is required', { code: '200', total: 1, rows: [{ QLR: '王某' }] }, false],
    ['a text that is too long', { code: '200', total: 1, rows: [{ ZL: '示例街'.repeat(2_000) }] }, false],
    ['a list for a text', { code: '200', total: 1, rows: [{ ZL: ['示例街'], MJ: { a: 7777 } }] }, false],
    ['an endless one', { code: '200', total: 0, rows: [], note: ' '.repeat(300_000) }, false],
    ['a refusal', { code: '401', total: 0, msg: '王某无权' }, false],
    ['trouble that passes', { code: '503', total: 0, msg: '王某' }, true],
  ])('that is %s is none, and surely not "no record"', async (_what, said, retryable) => {
    bench = await openMapped('http-query', () => said);
    expect((await failure(bench.adapter.data!.answer(testQuery(), signal))).retryable).toBe(retryable);
    expect(bench.server.requests).toHaveLength(1);
  });

  it.each([
    ['a word that is none', { code: 0, zt: '7777' }, false],
    ['no word', { code: 0 }, false],
    ['a code with words', { code: 0, zt: '1', yy: '失信:王某' }, false],
    ['nothing to its mapping', { code: 0, zt: '9' }, false],
    ['a refusal', { code: 401, zt: '0' }, false],
    ['trouble that passes', { code: 503, zt: '0' }, true],
  ])('that is %s is no word about credit', async (_what, said, retryable) => {
    bench = await openMapped('http-credit', () => said);
    expect((await failure(bench.adapter.credit!.check(creditQuery, signal))).retryable).toBe(retryable);
  });

  it.each([
    ['kind', testQuery({ kind: 'social-insurance' })],
    ['field', testQuery({ fields: ['王某'] })],
    ['type', testQuery({ parameters: [{ name: 'a', type: 'date', value: '2026-11-22' }] })],
  ])('is not even asked for when the mapping has no word for the %s', async (_what, query) => {
    bench = await openMapped('http-query', () => ({ code: '200', total: 0 }));
    expect((await failure(bench.adapter.data!.answer(query, signal))).retryable).toBe(false);
    expect(bench.server.requests).toEqual([]);
  });

  it('answers a question that it can recognise when it comes again', async () => {
    bench = await openMapped('http-credit', () => ({ code: 0, zt: '0' }));
    for (let times = 0; times < 2; times += 1) await bench.adapter.credit!.check(creditQuery, signal);
    const [first, second] = bench.server.requests;
    expect(first).toMatchObject({ method: 'GET', headers: { 'idempotency-key': creditQuery.id } });
    expect(second!.headers['idempotency-key']).toBe(creditQuery.id);
  });
});

it.each(['http-query', 'http-credit'] as const)(
  '%s proves who asks in every way, without a mapping too',
  async (kind) => {
    const server = await new PlatformServer().listen();
    const secret_file = join(folder.path, 'secret');
    await writeFile(secret_file, SECRET);
    server.handler = ({ path, headers }, response) => {
      if (path === '/token') return void response.end('{"access_token":"one","token_type":"Bearer","expires_in":60}');
      response.writeHead(headers.authorization === 'Bearer one' ? 200 : 401);
      response.end(kind === 'http-query' ? '{"found":false}' : '{"result":"good"}');
    };
    const auth = { type: 'oauth2', token_url: `http://${server.host}/token`, client_id: 'tongban', secret_file };
    const config = {
      name: 'platform',
      url: `http://${server.host}/api`,
      auth,
      ...(kind === 'http-query' && { kinds: ['real-estate'] }),
    };
    const adapter = await createAdapter(kind, config, testContext());
    const said = await (adapter.data?.answer(testQuery(), signal) ?? adapter.credit!.check(creditQuery, signal));
    expect(said).toEqual(kind === 'http-query' ? { found: false } : { result: 'good', code: '' });
    await adapter.close();
    await server.close();
    const missing = join(folder.path, 'missing.pem');
    const tls = { certificate_file: missing, key_file: missing };
    await expect(createAdapter(kind, { ...config, tls }, testContext())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: expect.arrayContaining([expect.objectContaining({ pointer: expect.stringMatching(/^\/tls\//) })]),
    });
  },
);

it('a mapping sets no header that the settings do not name', async () => {
  const settings = { name: 'sharing', url: 'http://127.0.0.1:9/', auth: { type: 'none' }, kinds: ['real-estate'] };
  await expect(
    createAdapter('http-query', { ...settings, headers: ['authorization'] }, testContext()),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID', problems: [{ pointer: '/headers/0', code: 'RESERVED' }] });
});
