import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Adapter, PlatformError } from '../adapter.ts';
import { createAdapter } from '../catalog.ts';
import type { MappedAnswer, Mapping } from '../mapping/mapping.ts';
import { newStandIn } from '../mapping/stand-in.ts';
import { CaseMaterials, piecesOf, refusing } from '../testing/case-materials.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { PlatformServer, type ReceivedRequest } from '../testing/platform-server.ts';
import { httpKind } from './http-adapter.ts';
import { askStreaming, StalledRequest } from './post.ts';

const BIG = Buffer.alloc(3 * 1024 * 1024 + 17, '营业执照\r\n--tongban"');
/** More than sockets hold. */
const MUCH = 96 * 1024 * 1024;
const ROW = { type: '01', none: null };
const SMALL = Buffer.from('%PDF-申请书');

let platform: PlatformServer;
let materials: CaseMaterials;
const adapters: Adapter[] = [];
beforeEach(async () => {
  platform = await new PlatformServer().listen();
  platform.handler = ({ path }, response) => {
    const uploaded = platform.requests.filter((one) => one.path === '/api/files').length;
    response.end(JSON.stringify(path === '/api/files' ? { code: 0, data: { id: uploaded } } : { code: 0 }));
  };
  materials = new CaseMaterials([
    ['营业执照', BIG],
    ['申请书', SMALL],
  ]);
});
afterEach(async () => {
  for (const adapter of adapters.splice(0)) await adapter.close();
  await platform.close();
});

const answer = async (response: unknown): Promise<MappedAnswer> => {
  const { code } = response as { code: number };
  return { verdict: code === 0 ? 'taken' : code === 500 ? 'retry' : 'refuse', reason: String(code) };
};

/** Every event is one document with all materials, named by what the platform calls them. */
function mappingOf({ firstSize = BIG.length, isNamed = true } = {}): Mapping {
  return plainMapping(() => ({}), {
    out: async () => {
      const files = materials.digests.map((material, index) => {
        const size = index === 0 ? firstSize : SMALL.length;
        const about = { name: '', material, size, mediaType: 'application/pdf' };
        return { ...about, file: `材料"${index}".pdf`, row: ROW, content: newStandIn(), reference: newStandIn() };
      });
      const body = { CL: files.map(({ reference, material }) => (isNamed ? reference : material)) };
      return { ok: true, documents: [{ path: '/cases', body }], files: [files] };
    },
    answer,
  });
}

async function adapterWith(mapping: Mapping, settings: object = {}): Promise<Adapter> {
  const config = {
    name: 'hall',
    url: `http://${platform.host}/api/`,
    auth: { type: 'none' as const },
    upload: { path: '/files', field: 'upfile', reference: 'data.id' },
    ...settings,
  };
  const adapter = await httpKind.create(config, { ...testContext(), cases: materials.desk }, mapping);
  adapters.push(adapter);
  return adapter;
}

const deliver = (adapter: Adapter) =>
  adapter.sink!.deliver(testEvent(1), new AbortController().signal).catch((error: unknown) => error);

/** Fields and files of a form as an independent reader finds them. */
function formOf({ headers, body }: ReceivedRequest): Promise<FormData> {
  return new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type']! } }).formData();
}

const paths = () => platform.requests.map(({ path }) => path);

describe('files for a platform that takes uploads', () => {
  it('arrive whole, each as a form with the fields of its row, before the document that names them', async () => {
    expect(await deliver(await adapterWith(mappingOf()))).toBeUndefined();
    expect(paths()).toEqual(['/api/files', '/api/files', '/api/cases']);
    for (const [index, content] of [BIG, SMALL].entries()) {
      const form = await formOf(platform.requests[index]!);
      expect([...form.keys()]).toEqual(['type', 'upfile']);
      expect(form.get('type')).toBe('01');
      const file = form.get('upfile') as File;
      expect(file.name).toBe(`材料"${index}".pdf`);
      expect(file.type).toBe('application/pdf');
      expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
    }
    expect(JSON.parse(platform.requests[2]!.body.toString())).toEqual({ CL: ['1', '2'] });
    expect(materials.opened).toEqual(materials.digests);
  });

  it('have an id each that stays the same, by which the platform knows a repetition', async () => {
    expect(await deliver(await adapterWith(mappingOf()))).toBeUndefined();
    // Another process, which remembers nothing.
    expect(await deliver(await adapterWith(mappingOf()))).toBeUndefined();
    const ids = platform.requests.map(({ headers }) => headers['idempotency-key']);
    expect(ids.slice(0, 3)).toEqual(ids.slice(3));
    expect(new Set(ids).size).toBe(3);
  });

  it('are not sent again when it was the document that was not taken', async () => {
    const adapter = await adapterWith(mappingOf());
    const { handler } = platform;
    platform.handler = (request, response) =>
      request.path === '/api/cases' ? response.writeHead(503).end() : handler(request, response);
    expect(await deliver(adapter)).toMatchObject({ retryable: true });
    platform.handler = handler;
    expect(await deliver(adapter)).toBeUndefined();
    expect(paths()).toEqual(['/api/files', '/api/files', '/api/cases', '/api/cases']);
    expect(JSON.parse(platform.requests[3]!.body.toString())).toEqual({ CL: ['1', '2'] });
  });

  it('are sent again once the platform has refused their document: it may have thrown them away', async () => {
    const adapter = await adapterWith(mappingOf());
    const { handler } = platform;
    for (const status of [503, 400]) {
      platform.handler = (request, response) =>
        request.path === '/api/cases' ? response.writeHead(status).end() : handler(request, response);
      expect(await deliver(adapter)).toMatchObject({ retryable: status === 503 });
    }
    platform.handler = handler;
    expect(await deliver(adapter)).toBeUndefined();
    expect(paths().slice(4)).toEqual(['/api/files', '/api/files', '/api/cases']);
    expect(JSON.parse(platform.requests.at(-1)!.body.toString())).toEqual({ CL: ['3', '4'] });
  });

  it('are sent again for their names, where the mapping wants none at first and is mended while the document waits', async () => {
    let isNamed = false;
    const mapping = mappingOf();
    const changing: Mapping = { ...mapping, out: (event, found) => mappingOf({ isNamed }).out(event, found) };
    const adapter = await adapterWith(changing);
    const { handler } = platform;
    platform.handler = (request, response) =>
      request.path === '/api/cases' ? response.writeHead(503).end() : handler(request, response);
    expect(await deliver(adapter)).toMatchObject({ retryable: true });
    platform.handler = handler;
    isNamed = true;
    expect(await deliver(adapter)).toBeUndefined();
    expect(paths().slice(3)).toEqual(['/api/files', '/api/files', '/api/cases']);
    expect(JSON.parse(platform.requests.at(-1)!.body.toString())).toEqual({ CL: ['3', '4'] });
  });

  it('are there where the platform says that it has them already, unless it was to say what it calls them', async () => {
    const { handler } = platform;
    platform.handler = (request, response) =>
      request.path === '/api/files' ? response.writeHead(409).end('{"code":7}') : handler(request, response);
    const named = await deliver(await adapterWith(mappingOf(), { also_taken: [409] }));
    expect(named).toMatchObject({ retryable: false, message: expect.stringContaining('that it has already') });
    const nameless = mappingOf({ isNamed: false });
    expect(await deliver(await adapterWith(nameless, { also_taken: [409] }))).toBeUndefined();
    expect(paths()).toEqual(['/api/files', '/api/files', '/api/files', '/api/cases']);
  });

  it.each([
    [200, false, 'MATERIAL_DIGEST'],
    [503, true, 'answered 503'],
  ])('are not counted by an answer of %i that comes before all of one has gone', async (status, retryable, says) => {
    let closed = 0;
    const hasty = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('close', () => {
          closed += 1;
        });
      socket.once('data', () => {
        socket.resume();
        socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 31\r\n\r\n{"code":0,"data":{"id":"F-12"}}`);
      });
    });
    await new Promise<void>((resolve) => hasty.listen(0, '127.0.0.1', resolve));
    const { port } = hasty.address() as { port: number };
    materials.instead.set(materials.digests[0]!, async function* () {
      yield Buffer.alloc(BIG.length - 1);
      // Behind an answer that refuses it, nothing has to come any more.
      await new Promise((resolve) => status === 200 && setTimeout(resolve, 100));
      yield Buffer.alloc(1);
    });
    const adapter = await adapterWith(mappingOf(), { url: `http://127.0.0.1:${port}/api/` });
    expect(await deliver(adapter)).toMatchObject({ retryable, message: expect.stringContaining(says) });
    await vi.waitFor(() => expect(closed).toBe(1));
    hasty.close();
  });

  it('are given up when the platform cannot be found', async () => {
    const agent = new Agent({ lookup: () => {} });
    const { signal } = new AbortController();
    const exchange = { url: new URL('http://hall.example/'), headers: {}, agent, signal };
    const body = { length: 1, bytes: () => piecesOf(Buffer.alloc(1)) };
    await expect(askStreaming(exchange, body, 100, 1_000)).rejects.toBeInstanceOf(StalledRequest);
  });

  it.each<[string, (path: string) => { status?: number; body?: string }, object]>([
    [
      'is refused by its status',
      () => ({ status: 413 }),
      { retryable: false, message: expect.stringContaining('413') },
    ],
    [
      'is refused in words',
      () => ({ body: '{"code":4001}' }),
      { retryable: false, message: expect.stringMatching(/refuses it: 4001$/) },
    ],
    ['is asked for again', () => ({ body: '{"code":500}' }), { retryable: true }],
    [
      'has no name',
      () => ({ body: '{"code":0,"data":{"id":""}}' }),
      { retryable: true, message: expect.stringContaining('data.id') },
    ],
    ['has a name that is none', () => ({ body: '{"code":0,"data":{"id":{}}}' }), { retryable: true }],
    [
      'is answered by what is no JSON',
      () => ({ body: '<html>' }),
      { retryable: true, message: expect.stringContaining('cannot be read') },
    ],
  ])('hold back the document when one %s', async (_what, said, expected) => {
    platform.handler = ({ path }, response) => {
      const { status = 200, body } = said(path!);
      response.writeHead(status).end(body);
    };
    const failed = await deliver(await adapterWith(mappingOf()));
    expect(failed).toBeInstanceOf(PlatformError);
    expect(failed).toMatchObject(expected);
    expect(paths()).toEqual(['/api/files']);
  });

  it.each([
    ['is not what it was', () => piecesOf(Buffer.alloc(BIG.length)), false],
    ['is shorter than it was', () => piecesOf(SMALL), false],
    ['is shorter than its case says', () => piecesOf(BIG), false, { firstSize: BIG.length + 500 }],
    ['is longer than it was', () => piecesOf(Buffer.alloc(2 * BIG.length)), false],
    ['is parked just then', () => refusing('MATERIAL_PARKED'), false],
    ['cannot be read now', () => refusing('STORE_UNAVAILABLE'), true],
  ])(
    'never seem whole to the platform when one %s, and the document stays',
    async (_what, instead, retryable, said: { firstSize?: number } = {}) => {
      materials.instead.set(materials.digests[0]!, instead);
      const adapter = await adapterWith(mappingOf(said));
      expect(await deliver(adapter)).toMatchObject({ retryable });
      await adapter.close();
      await platform.close();
      expect(paths()).toEqual([]);
    },
  );

  it('are not begun where the document needs names and the settings say none', async () => {
    const adapter = await adapterWith(mappingOf(), { upload: { path: '/files' } });
    const message = expect.stringContaining('upload.reference');
    expect(await deliver(adapter)).toMatchObject({ retryable: false, message });
    expect(paths()).toEqual([]);
  });

  it('go out from the start again when a token was not believed', async () => {
    const folder = await temporaryFolder();
    const secret = `${folder.path}/secret`;
    await writeFile(secret, 'a-secret-of-the-region\n', { mode: 0o600 });
    const { handler } = platform;
    let tokens = 0;
    platform.handler = (request, response) => {
      if (request.path === '/token') response.end(JSON.stringify({ access_token: `t${++tokens}`, expires_in: 600 }));
      else if (request.headers.authorization === 'Bearer t1') response.writeHead(401).end();
      else handler(request, response);
    };
    const token = { token_url: `http://${platform.host}/token`, client_id: 'tongban', secret_file: secret };
    const adapter = await adapterWith(mappingOf(), { auth: { type: 'oauth2', ...token } });
    expect(await deliver(adapter)).toBeUndefined();
    expect(paths()).toEqual(['/token', '/api/files', '/token', '/api/files', '/api/files', '/api/cases']);
    const form = await formOf(platform.requests[3]!);
    expect((form.get('upfile') as File).size).toBe(BIG.length);
    await folder.remove();
  });

  it('are given up when the platform takes nothing more of them', async () => {
    const deaf = createServer((socket) => void socket.pause().on('error', () => undefined));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const { port } = deaf.address() as { port: number };
    let read = 0;
    materials.instead.set(materials.digests[0]!, async function* () {
      for (; read < MUCH; read += BIG.length) yield BIG;
    });
    const adapter = await adapterWith(mappingOf({ firstSize: MUCH }), {
      url: `http://127.0.0.1:${port}/api/`,
      timeout_ms: 200,
    });
    const message = expect.stringContaining('took nothing more');
    const failed = await deliver(adapter);
    expect(failed).toMatchObject({ retryable: true, message });
    // Of what the platform does not take no more is read than the connection holds.
    expect(read).toBeLessThan(MUCH / 4);
    deaf.close();
  });

  it('end at once when the delivery is broken off', async () => {
    const stop = new AbortController();
    platform.handler = () => stop.abort();
    const adapter = await adapterWith(mappingOf());
    const failed = await adapter.sink!.deliver(testEvent(1), stop.signal).catch((error: unknown) => error);
    expect(failed).toMatchObject({ retryable: true, message: expect.stringContaining('broken off') });
  });
});

describe('the settings of uploads', () => {
  it.each<[object, string]>([
    [{ upload: { path: 'files' } }, '/upload/path'],
    [{ upload: { path: '/../x' } }, '/upload/path'],
    [{ upload: { path: '/files', field: 'a"b' } }, '/upload/field'],
    [{ upload: { path: '/files', reference: 'a..b' } }, '/upload/reference'],
    [{ upload: { path: '/files', method: 'PUT' } }, '/upload/method'],
    [{ upload: { path: '/files' } }, '/upload'],
  ])('%j is refused at %s', async (settings, pointer) => {
    const config = { name: 'hall', url: 'http://127.0.0.1:1/', auth: { type: 'none' }, ...settings };
    const problems = [expect.objectContaining({ pointer })];
    await expect(createAdapter('http', config, testContext())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems,
    });
  });

  it('do not go with ways of proof that sign the body', async () => {
    const folder = await temporaryFolder();
    const secret_file = `${folder.path}/secret`;
    await writeFile(secret_file, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
    for (const auth of [
      { type: 'hmac', secret_file },
      { type: 'signature', app_id: 'tongban', secret_file, body: true },
    ])
      await expect(adapterWith(mappingOf(), { auth })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        problems: [{ pointer: '/upload', code: 'CONFLICT' }],
      });
    await adapterWith(mappingOf(), { auth: { type: 'signature', app_id: 'tongban', secret_file } });
    await folder.remove();
  });
});
