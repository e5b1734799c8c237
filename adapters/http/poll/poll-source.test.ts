import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter, SubmissionSource } from '../../adapter.ts';
import type { MappedWish, Mapping } from '../../mapping/mapping.ts';
import { testContext } from '../../testing/context.ts';
import { filesOf, Ledger, tryAgain } from '../../testing/ledger.ts';
import { MemoryState } from '../../testing/memory-state.ts';
import { plainMapping } from '../../testing/plain-mapping.ts';
import { PlatformServer, type ReceivedRequest } from '../../testing/platform-server.ts';
import { sourceContract } from '../../testing/source-contract.ts';
import { httpKind } from '../http-adapter.ts';

interface CaseRecord {
  readonly id: string;
  readonly version?: number;
  readonly lane?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly [more: string]: unknown;
}

const MAPPING = plainMapping((document) => {
  const { body } = document as CaseRecord;
  if (!body) throw new Error('is required');
  return body;
});

/** Ways to page through a list that is sorted by id. */
const LISTS: Readonly<
  Record<string, { pages: unknown; answer: (all: CaseRecord[], query: URLSearchParams) => unknown }>
> = {
  'a cursor': {
    pages: { by: 'cursor', name: 'after', next: 'data.next' },
    answer(all, query) {
      const rest = all.filter(({ id }) => id > (query.get('after') ?? ''));
      const page = rest.slice(0, 3);
      return { list: page, next: page.at(-1)?.id ?? null };
    },
  },
  'numbered pages': {
    pages: { by: 'page', name: 'pageNo', size: 3 },
    answer(all, query) {
      const from = (Number(query.get('pageNo')) - 1) * 3;
      return { list: all.slice(from, from + 3) };
    },
  },
};

for (const [name, { pages, answer }] of Object.entries(LISTS)) {
  sourceContract(`http polling with ${name}`, async () => {
    const platform = await new PlatformServer().listen();
    const records: CaseRecord[] = [];
    const told = new Map<string, string>();
    const state = new MemoryState();
    const adapters: Adapter[] = [];
    platform.handler = ({ path, body }, response) => {
      const url = new URL(path!, 'http://platform');
      if (url.pathname === '/api/ack') {
        const { id, result } = JSON.parse(body.toString());
        told.set(id, result);
        return json(response, { code: '200' });
      }
      const all = records.filter(({ id }) => name === 'a cursor' || !told.has(id));
      return json(response, {
        code: 200,
        data: answer(
          all.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
          url.searchParams,
        ),
      });
    };
    const put = async (record: CaseRecord) => void records.push({ version: 1, ...record });
    return {
      async open() {
        const adapter = await httpKind.create(
          {
            name: 'hall',
            url: `http://${platform.host}/api`,
            auth: { type: 'none' },
            poll: {
              path: '/cases',
              every_ms: 20,
              records: 'data.list',
              key: ['id', 'version'],
              lane: 'lane',
              pages: pages as never,
              success: { at: 'code', is: [200] },
              ack: { path: '/ack', body: { id: '{record.id}', result: '{outcome}' } },
            },
          },
          { ...testContext(), state },
          MAPPING,
        );
        adapters.push(adapter);
        return adapter.source!;
      },
      put: (id, body) => put({ id, lane: 'one', body }),
      putInLane: (lane, id, body) => put({ id, lane, body }),
      putWithMore: (id, body) => put({ id, lane: 'one', body, newField: { deep: [1] } }),
      putRenamed: (id) => put({ id, lane: 'one', content: { n: 1 } }),
      putPoison: async (id) => void records.push({ id }),
      state: async (id) => ({ accepted: 'accepted', refused: 'refused' })[told.get(id)!] ?? 'waiting',
      async close() {
        for (const adapter of adapters) await adapter.close();
        await platform.close();
      },
    } as Awaited<ReturnType<Parameters<typeof sourceContract>[1]>>;
  });
}

describe('polling', () => {
  let platform: PlatformServer;
  let ledger: Ledger;
  let state: MemoryState;
  let context: ReturnType<typeof testContext>;
  const sources: SubmissionSource[] = [];
  const adapters: Adapter[] = [];
  beforeEach(async () => {
    platform = await new PlatformServer().listen();
    ledger = new Ledger();
    state = new MemoryState();
    context = testContext();
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.stop();
    for (const adapter of adapters.splice(0)) await adapter.close();
    await platform.close();
  });

  it('asks as the settings say: POST, fixed members, place in the body', async () => {
    answers(() => ({ rows: [], next: '' }));
    await start({
      path: '/list',
      method: 'POST',
      query: { v: 2 },
      body: { status: 'new' },
      records: 'rows',
      pages: { by: 'cursor', name: 'since', in: 'body', next: 'next' },
    });
    await asked(1);
    const [{ method, path, body }] = platform.requests as [ReceivedRequest];
    expect([method, path, JSON.parse(body.toString())]).toEqual(['POST', '/list?v=2', { status: 'new' }]);
  });

  it('keeps its place over a restart, and what a list repeats has one effect', async () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => ({ id, body: { id } }));
    answers((query) => {
      // It repeats the last record of the page before.
      const from = Math.max(Number(query.get('at') ?? 0) - 1, 0);
      return { rows: all.slice(from, from + 3), next: String(Math.min(from + 3, all.length)) };
    });
    const source = await start({ pages: { by: 'cursor', name: 'at', next: 'next' } });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(4));
    await vi.waitFor(() => expect(state.texts.at(-1)).toBe('{"place":"4"}'));
    await source.stop();
    expect(ledger.calls).toHaveLength(4);
    platform.requests.length = 0;
    await start({ pages: { by: 'cursor', name: 'at', next: 'next' } });
    await asked(1);
    expect(platform.requests[0]!.path).toBe('/?at=4');
    await asked(3);
    expect(ledger.cases.size).toBe(4);
  });

  it('does not move its place past what was not decided, and loses nothing', async () => {
    const all = ['a', 'b', 'c'].map((id) => ({ id, body: { id } }));
    answers((query) => {
      const from = Number(query.get('at') ?? 0);
      return { rows: all.slice(from, from + 1), next: String(Math.min(from + 1, all.length)) };
    });
    let isDown = true;
    await start({ pages: { by: 'cursor', name: 'at', next: 'next' } }, async (submission, signal) =>
      isDown && (submission.document as CaseRecord).id === 'b'
        ? tryAgain('INTERNAL')
        : ledger.submit(submission, signal),
    );
    await vi.waitFor(() => expect(ledger.cases.size).toBe(2));
    await asked(8);
    expect(state.texts).toEqual(['{"place":"1"}']);
    isDown = false;
    await vi.waitFor(() => expect(state.texts.at(-1)).toBe('{"place":"3"}'));
    expect([...ledger.cases.values()].map(({ document }) => (document as CaseRecord).id)).toEqual(['a', 'c', 'b']);
    expect(ledger.calls).toHaveLength(3);
  });

  it('walks on by the newest value, reaching back a little, in the clock of China', async () => {
    const rows = [
      { id: 'a', at: '2026-11-22 08:00:00', body: {} },
      { id: 'b', at: '2026-11-22 08:00:30', body: {} },
    ];
    answers(() => ({ rows }));
    const pages = {
      by: 'newest',
      name: 'updatedSince',
      field: 'at',
      format: 'datetime',
      start: '2026-01-01 00:00:00',
      overlap: 60,
    } as const;
    await start({ pages });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(2));
    await asked(3);
    const since = platform.requests.map(({ path }) => new URL(path!, 'http://p').searchParams.get('updatedSince'));
    expect(since.slice(0, 2)).toEqual(['2025-12-31 23:59:00', '2026-11-22 07:59:30']);
    expect(state.texts).toEqual(['{"place":"2026-11-22 08:00:30"}']);
    // Too late for the last value, yet found.
    rows.push({ id: 'c', at: '2026-11-22 08:00:10', body: {} });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(3));
    expect(ledger.calls).toHaveLength(3);
  });

  it('says once that more records are as new as each other than a page holds', async () => {
    const rows = ['a', 'b', 'c'].map((id) => ({ id, n: 7, body: {} }));
    answers(() => ({ rows: rows.slice(0, 2) }));
    await start({ pages: { by: 'newest', name: 'since', field: 'n', size: 2 } });
    await asked(5);
    expect(context.lines).toMatchObject([{ level: 'error' }]);
    expect(lines()).toEqual([expect.stringContaining('have larger pages answered')]);
    expect(ledger.cases.size).toBe(2);
  });

  it('takes ids of 19 digits apart that JavaScript numbers would mix up, and says them whole', async () => {
    platform.handler = ({ path }, response) => {
      if (path === '/')
        response.end('{"rows":[{"id":1234567890123456789,"body":{}},{"id":1234567890123456788,"body":{}}]}');
      else response.end();
    };
    await start({ key: ['id'], ack: { path: '/{record.id}/done' } });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(2));
    await vi.waitFor(() => {
      const paths = platform.requests.map(({ path }) => path);
      expect(paths).toContain('/1234567890123456789/done');
      expect(paths).toContain('/1234567890123456788/done');
    });
  });

  it('tells refusals with code and reason, and accepted cases with their number', async () => {
    const rows = [
      { id: 'a', body: {} },
      { id: 'b', body: { refuse: true } },
    ];
    platform.handler = ({ path, body }, response) => {
      if (path === '/') json(response, { rows: rows.filter(({ id }) => !told.has(id)) });
      else {
        const said = JSON.parse(body.toString());
        told.set(said.id, said);
        response.end();
      }
    };
    const told = new Map<string, unknown>();
    const source = await start({
      ack: {
        path: '/ack',
        method: 'PUT',
        accepted: 1,
        refused: 0,
        body: {
          id: '{record.id}',
          ok: '{outcome}',
          text: 'No. {caseNumber}',
          code: '{code}',
          why: '{reason}',
          empty: '{record.x}',
        },
      },
    });
    await vi.waitFor(() => expect(told.size).toBe(2));
    expect(told.get('a')).toEqual({ id: 'a', ok: 1, text: 'No. 320600-2026-1', code: '', why: '', empty: null });
    expect(told.get('b')).toMatchObject({
      ok: 0,
      code: 'VALIDATION_FAILED',
      why: expect.stringContaining('/applicant/number'),
    });
    const late = { ok: true, conversation: 'c', caseNumber: '320600-2026-2' } as const;
    await source.told!('key', rows[1], late);
    expect(told.get('b')).toMatchObject({ ok: 1, text: 'No. 320600-2026-2', code: '' });
  });

  it('hands a record in again, under the same key, until its acknowledgement was taken', async () => {
    let acks = 0;
    platform.handler = ({ path }, response) => {
      if (path === '/') return json(response, { rows: acks < 3 ? [{ id: 'a', body: {} }] : [] });
      acks += 1;
      return response.writeHead(acks < 3 ? 503 : 200).end();
    };
    await start({ ack: { path: '/ack' } });
    await vi.waitFor(() => expect(acks).toBe(3));
    expect(ledger.calls).toHaveLength(3);
    expect(ledger.cases.size).toBe(1);
  });

  it('goes on in a feed behind a record that has to wait, and tells each outcome once', async () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, body: { id } }));
    const told: string[] = [];
    platform.handler = ({ path }, response) => {
      const url = new URL(path!, 'http://platform');
      if (url.pathname !== '/') told.push(url.pathname);
      const from = Number(url.searchParams.get('at') ?? 0);
      json(response, { rows: all.slice(from, from + 1), next: String(Math.min(from + 1, all.length)) });
    };
    const pages = { by: 'cursor', name: 'at', next: 'next' };
    await start({ pages, most: 2, ack: { path: '/{record.id}' } }, async (submission, signal) =>
      (submission.document as CaseRecord).id === 'b' ? tryAgain('INTERNAL') : ledger.submit(submission, signal),
    );
    await vi.waitFor(() => expect(ledger.cases.size).toBe(4));
    await asked(30);
    expect(told).toEqual(['/a', '/c', '/d', '/e']);
    expect(state.texts).toEqual(['{"place":"1"}']);
  });

  it('takes a record of a list that was refused and is corrected, under the same key', async () => {
    let body: object = { refuse: true };
    answers(() => ({ rows: [{ id: 'a', body }] }));
    await start({ key: ['id'] });
    await asked(3);
    expect(ledger.calls).toHaveLength(1);
    body = { corrected: true };
    await vi.waitFor(() => expect(ledger.cases.size).toBe(1));
    await asked(platform.requests.length + 2);
    expect(ledger.calls).toHaveLength(2);
    expect(new Set(ledger.calls.map(({ key }) => key)).size).toBe(1);
  });

  it('understands what a list repeats only once', async () => {
    answers(() => ({ rows: [{ id: 'a', body: {} }] }));
    let understood = 0;
    const mapping = plainMapping((document) => {
      understood += 1;
      return (document as CaseRecord).body;
    });
    await start({}, ledger.submit, {}, mapping);
    await asked(5);
    expect(understood).toBe(1);
  });

  it('is not held up for ever by a record whose id no URL can hold', async () => {
    const paths: string[] = [];
    platform.handler = ({ path }, response) => {
      if (path === '/') return json(response, { rows: [{ id: 'a\ud800', body: {} }] });
      paths.push(path!);
      return response.writeHead(200).end();
    };
    await start({ ack: { path: '/ack/{record.id}' } });
    await vi.waitFor(() => expect(paths[0]).toBe('/ack/a%EF%BF%BD'));
  });

  it.each([
    [false, ['/?at=old', '/']],
    [true, ['/?at=old', '/?at=old']],
  ])('with resume: %s gives up a place that the platform forgot: %j', async (resume, paths) => {
    await state.write('{"place":"old"}');
    platform.handler = ({ path }, response) =>
      path === '/' ? json(response, { rows: [] }) : response.writeHead(400).end();
    await start({ pages: { by: 'cursor', name: 'at', next: 'next', resume } });
    await asked(2);
    expect(platform.requests.slice(0, 2).map(({ path }) => path)).toEqual(paths);
  });

  it('ends a round of a list that says it goes on for ever, and goes on with the next', async () => {
    let count = 0;
    answers(() => {
      count += 1;
      return { rows: [], next: String(count) };
    });
    const source = await start({ pages: { by: 'cursor', name: 'at', next: 'next', resume: false } });
    await vi.waitFor(
      () => expect(lines()).toContain('the list of the platform does not end; it goes on in the next round'),
      { timeout: 5_000 },
    );
    await source.stop();
    expect(ledger.calls).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    [
      '200 with a code of its own that says it failed',
      (r) => json(r, { code: 500, msg: 'x', rows: [] }),
      'a failure of its own',
    ],
    ['no list', (r) => json(r, { code: 0, rows: {} }), 'has no list of records'],
    ['a page for people', (r) => r.end('<html>'), 'is not JSON'],
    ['compressed', (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end('x'), 'is compressed'],
    ['bytes that are no text', (r) => r.end(Buffer.from([0x22, 0xff, 0x22])), 'is not UTF-8'],
    ['nested without end', (r) => r.end('['.repeat(100_000)), 'is nested deeper'],
    ['too much', (r) => flood(r), 'is too long'],
    ['a redirect', (r) => r.writeHead(302, { location: '/elsewhere' }).end(), 'answered 302'],
    ['401', (r) => r.writeHead(401).end(), 'answered 401'],
    ['a byte now and then', (r) => drip(r), 'within 100 ms'],
  ])('takes nothing from an answer that is %s, says why, and asks again', async (_, handler, why) => {
    platform.handler = ({ path }, response) => (path === '/' ? handler(response) : response.writeHead(500).end());
    await start({ success: { at: 'code', is: [0] } }, ledger.submit, { timeout_ms: why.includes('100') ? 100 : 5_000 });
    await vi.waitFor(() => expect(String(context.lines.at(-1)?.fields['err'])).toContain(why));
    expect(ledger.calls).toEqual([]);
    platform.handler = (_request, response) => json(response, { code: '0', rows: [{ id: 'a', body: {} }] });
    await vi.waitFor(() => expect(ledger.cases.size).toBe(1));
    expect(platform.requests.every(({ path }) => path === '/')).toBe(true);
  });

  it('reads GBK where the platform declares it', async () => {
    const gbk = Buffer.concat([
      Buffer.from('{"rows":[{"body":{"name":"'),
      Buffer.from([0xbd, 0xad, 0xcb, 0xd5]),
      Buffer.from('"}}]}'),
    ]);
    platform.handler = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json;charset=GBK' }).end(gbk);
    await start({});
    await vi.waitFor(() => expect(ledger.calls[0]?.document).toEqual({ body: { name: '江苏' } }));
  });

  it('parks a record that is none or too large, and goes on', async () => {
    answers(() => ({ rows: ['x', { big: 'x'.repeat(1_100_000) }, { id: 'a', body: {} }] }));
    await start({});
    await vi.waitFor(() => expect(ledger.cases.size).toBe(1));
    expect(ledger.calls.map(({ problems: [one] }) => one?.code)).toEqual(['TYPE', 'TOO_LONG', undefined]);
    expect(ledger.calls[1]!.document).toBeNull();
  });

  describe('files', () => {
    const withFile = (from: string): Mapping =>
      plainMapping(() => ({}), {
        in: async () => ({
          ok: true,
          wishes: [{ do: 'open', body: {}, files: [{ name: '执照', from }] } satisfies MappedWish],
        }),
      });

    it.each(['/files/1.pdf?v=2', 'http://HOST/files/1.pdf?v=2'])('are fetched from the same host: %s', async (from) => {
      platform.handler = ({ path }, response) =>
        path === '/files/1.pdf?v=2' ? response.end('bytes') : json(response, { rows: [{ id: 'a' }] });
      const file = await fileOf(from.replace('HOST', platform.host));
      const chunks = await (await file.open(new AbortController().signal)).toArray();
      expect(Buffer.concat(chunks).toString()).toBe('bytes');
    });

    it.each(['http://127.0.0.2/x', '//169.254.169.254/x', 'file:///etc/passwd', 'http://a:b@HOST/x', '/a\\b'])(
      'elsewhere are not fetched: %s',
      async (from) => {
        answers(() => ({ rows: [{ id: 'a' }] }));
        const file = await fileOf(from.replace('HOST', platform.host));
        await expect(file.open(new AbortController().signal)).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
        expect(platform.requests.every(({ path }) => path === '/')).toBe(true);
      },
    );

    it.each<[string, (response: ServerResponse) => void, string]>([
      ['is gone', (r) => r.writeHead(404).end(), 'PLATFORM_REFUSED'],
      ['is somewhere else now', (r) => r.writeHead(302, { location: '/other' }).end(), 'PLATFORM_UNREACHABLE'],
      ['cannot be had now', (r) => r.writeHead(503).end(), 'PLATFORM_UNREACHABLE'],
      ['ends in the middle', (r) => cut(r), 'PLATFORM_UNREACHABLE'],
      ['comes to a stop', (r) => r.writeHead(200).write('half'), 'PLATFORM_UNREACHABLE'],
    ])('that %s says so', async (_, handler, code) => {
      platform.handler = ({ path }, response) =>
        path === '/f' ? handler(response) : json(response, { rows: [{ id: 'a' }] });
      const file = await fileOf('/f');
      const reading = file.open(new AbortController().signal).then((stream) => stream.toArray());
      await expect(reading).rejects.toMatchObject({ code });
      expect(platform.requests.map(({ path }) => path)).not.toContain('/other');
    });

    async function fileOf(from: string) {
      await start({}, ledger.submit, { timeout_ms: 100 }, withFile(from));
      await vi.waitFor(() => expect(ledger.calls).not.toEqual([]));
      return filesOf(ledger.calls[0]!)[0]!;
    }
  });

  it('needs a mapping, and a place to keep how far it has read', async () => {
    const config = {
      name: 'hall',
      url: `http://${platform.host}`,
      auth: { type: 'none' },
      poll: { path: '/' },
    } as const;
    await expect(httpKind.create(config, context, undefined)).rejects.toMatchObject({
      problems: [{ pointer: '/mapping', code: 'REQUIRED' }],
    });
    const paged = { ...config, poll: { path: '/', pages: { by: 'page', name: 'p' } } } as const;
    await expect(httpKind.create(paged, context, MAPPING)).rejects.toMatchObject({
      problems: [{ pointer: '/poll/pages' }],
    });
  });

  function answers(answer: (query: URLSearchParams) => unknown): void {
    platform.handler = ({ path }, response) => json(response, answer(new URL(path!, 'http://p').searchParams));
  }

  async function start(
    poll: Readonly<Record<string, unknown>>,
    submit = ledger.submit,
    more: Readonly<Record<string, unknown>> = {},
    mapping: Mapping = plainMapping((document) => (document as CaseRecord).body),
  ): Promise<SubmissionSource> {
    const config = {
      name: 'hall',
      url: `http://${platform.host}/`,
      auth: { type: 'none' },
      poll: { path: '/', records: 'rows', every_ms: 10, ...poll },
      ...more,
    };
    const adapter = await httpKind.create(config as never, { ...context, state }, mapping);
    adapters.push(adapter);
    sources.push(adapter.source!);
    await adapter.source!.start(submit);
    return adapter.source!;
  }

  function asked(times: number) {
    return vi.waitFor(() => expect(platform.requests.length).toBeGreaterThanOrEqual(times));
  }

  function lines(): string[] {
    return context.lines.map(({ message }) => message);
  }
});

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  response.writeHead(200);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 10);
  response.on('close', () => clearInterval(timer));
}

function cut(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '100' });
  response.write('half', () => response.destroy());
}
