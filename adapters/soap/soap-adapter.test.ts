import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { structuredEvent } from '../cloud-event.ts';
import { encodeText } from '../encodings.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { NOW, testContext, testEvent } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { bodyOf, Ledger } from '../testing/ledger.ts';
import { MemoryState } from '../testing/memory-state.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { sinkContract } from '../testing/sink-contract.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { textAt } from '../value-at.ts';
import { soapKind } from './soap-adapter.ts';
import type { SoapConfig } from './soap-config.ts';
import { envelope, fault, Reply, type SoapCall, SoapPlatform } from './testing/soap-platform.ts';

const WSDL = join(import.meta.dirname, 'testing/case-service.wsdl');
const NAMESPACE = 'http://hall.example/cases';
const { signal } = new AbortController();

const outOf = (documents: readonly unknown[], changes: Partial<Mapping> = {}): Mapping =>
  plainMapping((document) => document, { out: async () => ({ ok: true, documents }), ...changes });

function configOf(platform: SoapPlatform, changes: Partial<SoapConfig> = {}): SoapConfig {
  const operations = { submitCase: {}, getCases: {}, confirmCase: {} };
  return { name: 'hall', url: platform.url, wsdl: WSDL, auth: { type: 'none' }, operations, ...changes };
}

sinkContract('soap', async () => {
  const platform = await new SoapPlatform().listen();
  const events = new Map<string, Record<string, unknown>>();
  const refused = new Set<string>();
  let isDown = false;
  platform.answer = ({ operation, body, request }) => {
    if (isDown) return fault('Server', 'busy');
    const event = JSON.parse(String(body['event']));
    if (refused.has(event.id)) return fault('Client.Data', '150626-2026-1 食品经营许可 is wrong');
    const id = String(request.headers['idempotency-key']);
    if (!events.has(id)) events.set(id, event);
    return { [`${operation}Response`]: { return: 'ok' } };
  };
  const mapping = plainMapping((document) => document, {
    out: async (event) => ({
      ok: true,
      documents: [{ operation: 'submitCase', body: { event: structuredEvent(event).toString() } }],
    }),
  });
  const adapter = await soapKind.create(configOf(platform), testContext(), mapping);
  return {
    sink: adapter.sink!,
    received: async () => [...events.values()],
    breakDown: async () => {
      isDown = true;
    },
    recover: async () => {
      isDown = false;
    },
    refuse: async ({ id }) => void refused.add(id),
    async close() {
      await adapter.close();
      await platform.server.close();
    },
  };
});

sourceContract('soap polling', async () => {
  const platform = await new SoapPlatform().listen();
  const records: { guid: string; [more: string]: string }[] = [];
  const told = new Map<string, string>();
  platform.answer = ({ operation, body }) => {
    if (operation === 'confirmCase') {
      told.set(String(body['guid']), String(body['result']));
      return { confirmCaseResponse: { return: { code: '0' } } };
    }
    const waiting = records.filter(({ guid }) => !told.has(guid)).toSorted((a, b) => (a.guid < b.guid ? -1 : 1));
    return { getCasesResponse: { return: { code: '0', case: waiting } } };
  };
  const mapping = plainMapping((document) => JSON.parse(textAt(document, 'json') ?? ''));
  const adapters: Adapter[] = [];
  const success = { at: 'confirmCaseResponse.return.code', is: ['0'] };
  return {
    async open() {
      const poll = {
        operation: 'getCases',
        records: 'getCasesResponse.return.case',
        every_ms: 20,
        key: ['guid'],
        lane: 'lane',
        ack: { operation: 'confirmCase', body: { guid: '{record.guid}', result: '{outcome}' }, success },
      };
      adapters.push(await soapKind.create(configOf(platform, { poll }), testContext(), mapping));
      return adapters.at(-1)!.source!;
    },
    put: async (guid, body) => void records.push({ guid, lane: 'one', json: JSON.stringify(body) }),
    putInLane: async (lane, guid, body) => void records.push({ guid, lane, json: JSON.stringify(body) }),
    putWithMore: async (guid, body) => void records.push({ guid, lane: 'one', json: JSON.stringify(body), more: '1' }),
    putRenamed: async (guid) => void records.push({ guid, lane: 'one', jsonNow: '{}' }),
    putPoison: async (guid) => void records.push({ guid, lane: guid, json: '{"half": ' }),
    state: async (guid) => (told.get(guid) as 'accepted' | 'refused' | undefined) ?? 'waiting',
    async close() {
      for (const adapter of adapters) await adapter.close();
      await platform.server.close();
    },
  };
});

describe('a SOAP service', () => {
  let platform: SoapPlatform;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let adapter: Adapter | undefined;
  beforeEach(async () => {
    platform = await new SoapPlatform().listen();
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await adapter?.close();
    adapter = undefined;
    await platform.server.close();
    await folder.remove();
  });

  it('gets document/literal with what the WSDL says', async () => {
    await deliver(outOf([{ operation: 'submitCase', body: { 申请人: '王小明·𠮷 <&>', list: [1, 2], none: null } }]));
    const [{ request, body }] = platform.calls as [SoapCall];
    expect(body).toEqual({ 申请人: '王小明·𠮷 <&>', list: ['1', '2'] });
    expect(request.headers).toMatchObject({
      soapaction: '"urn:submitCase"',
      'content-type': 'text/xml; charset=utf-8',
    });
    expect(request.body.toString()).toContain(`<m:submitCase xmlns:m="${NAMESPACE}">`);
  });

  it('gets SOAP 1.2, and names within the namespace, where the settings say so', async () => {
    platform.answer = () =>
      new Reply(200, envelope({ r: { code: 0 } }, 'http://www.w3.org/2003/05/soap-envelope'), {
        'content-type': 'application/soap+xml',
      });
    const { wsdl: _, ...config } = configOf(platform);
    const operations = { submitCase: { action: 'urn:x', element: 'Submit' } };
    const said = await answered(
      { ...config, version: '1.2', namespace: NAMESPACE, qualified: true, operations },
      { a: 1 },
    );
    expect(said).toEqual({ r: { code: '0' } });
    const [{ request }] = platform.calls as [SoapCall];
    expect(request.headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:x"');
    expect(request.headers['soapaction']).toBeUndefined();
    expect(request.body.toString()).toContain(`<Submit xmlns="${NAMESPACE}"><a>1</a></Submit>`);
  });

  it('may have XML as text in what it takes and in what it answers', async () => {
    const inner = '<?xml version="1.0" encoding="GBK"?><Result><code>1</code><row><no>7</no></row></Result>';
    platform.answer = () => ({ submitCaseResponse: { return: inner } });
    const said = await answered(
      configOf(platform, {
        operations: { submitCase: { inner: { request: ['xmlStr'], answer: ['submitCaseResponse.return'] } } },
        lists: ['submitCaseResponse.return.Result.row'],
      }),
      { xmlStr: { Case: { '@id': 1, name: '王小明' } } },
    );
    expect(said).toEqual({ submitCaseResponse: { return: { Result: { code: '1', row: [{ no: '7' }] } } } });
    expect(platform.calls[0]!.body['xmlStr']).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Case id="1"><name>王小明</name></Case>',
    );
  });

  it('may answer a word where XML stands otherwise', async () => {
    platform.answer = () => ({ submitCaseResponse: { return: 'FAILED' } });
    const operations = { submitCase: { inner: { answer: ['submitCaseResponse.return'] } } };
    expect(await answered(configOf(platform, { operations }), {})).toEqual({
      submitCaseResponse: { return: 'FAILED' },
    });
  });

  it('is left alone for as long as it asks', async () => {
    platform.answer = () => {
      const { body, headers } = fault('Server', '');
      return new Reply(503, body, { ...headers, 'retry-after': '7' });
    };
    const error = await answered(configOf(platform), {}).catch((reason: Error) => reason);
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 7_000 });
  });

  it('may answer in GBK when it says so', async () => {
    const body = encodeText(envelope({ r: '王小明' }), 'gb18030');
    platform.answer = () => new Reply(200, body, { 'content-type': 'text/xml; charset=GBK' });
    expect(await answered(configOf(platform), {})).toEqual({ r: '王小明' });
  });

  it('may answer nothing', async () => {
    platform.answer = () => new Reply(202, '');
    expect(await answered(configOf(platform), {})).toBeNull();
  });

  it.each([
    ['a fault that blames us', () => fault('Client', '王小明'), false],
    ['one with details and status 200', () => fault('Client.Auth', '王小明', 200), false],
    ['a fault of its own', () => fault('Server', '王小明'), true],
    ['a fault with a code of its own', () => fault('E1001', '王小明'), true],
    ['status 503 without SOAP', () => new Reply(503, '王小明'), true],
    ['status 404 without SOAP', () => new Reply(404, '王小明'), false],
    ['a page of a proxy', () => new Reply(200, '<html>王小明</html>'), true],
    ['what is no XML', () => new Reply(200, '王小明'), true],
    ['an entity bomb', () => new Reply(200, '<!DOCTYPE a [<!ENTITY b "王小明">]><a>&b;</a>'), true],
    ['GBK that claims nothing', () => new Reply(200, encodeText(envelope({ r: '王小明' }), 'gb18030')), true],
    ['more than 4 MiB', () => new Reply(200, 'x'.repeat(5 * 1024 * 1024)), true],
  ])('that answers %s', async (_, answer, retryable) => {
    platform.answer = answer;
    const error = await answered(configOf(platform), {}).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: retryable ? 'PLATFORM_UNREACHABLE' : 'PLATFORM_REFUSED', retryable });
    expect(String(error)).not.toContain('王小明');
  });

  it.each([
    ['with a name that is none', { operation: 'submitCase', body: { 'a b': '王小明' } }],
    ['with a control character', { operation: 'submitCase', body: { a: '王小明\u0001' } }],
    ['for an operation that is not listed', { operation: 'deleteAll', body: {} }],
    ['that is no call', { op: '王小明' }],
  ])('is not asked by a document %s', async (_, document) => {
    const error = await deliver(outOf([document])).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(String(error)).not.toContain('王小明');
    expect(platform.calls).toEqual([]);
  });

  it('judges what the mapping makes of the answer', async () => {
    platform.answer = () => ({ submitCaseResponse: { return: { code: '9', msg: '王小明' } } });
    const answer = async (response: unknown) => {
      const code = textAt(response, 'submitCaseResponse.return.code')!;
      return { verdict: code === '0' ? 'taken' : 'refuse', reason: code } as const;
    };
    const error = await deliver(outOf([{ operation: 'submitCase', body: {} }], { answer })).catch((one: Error) => one);
    expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(String(error)).not.toContain('王小明');
  });

  describe('knows us', () => {
    beforeEach(() => writeFile(join(folder.path, 'password'), 'p&ss\n'));
    const sent = async (auth: object) => {
      const password_file = join(folder.path, 'password');
      await answered(configOf(platform, { auth: { user: 'tongban', password_file, ...auth } as never }), {});
      const [{ header, request }] = platform.calls as [SoapCall];
      return { request, token: (header as Tokens | undefined)?.Security.UsernameToken };
    };
    interface Tokens {
      Security: { UsernameToken: { Username: string; Password: Attributed; Nonce: Attributed; Created: string } };
    }
    type Attributed = Readonly<Record<string, string>>;

    it('by a digest of the password', async () => {
      const { token } = await sent({ type: 'username-token' });
      const { Username, Password, Nonce, Created } = token!;
      expect([Username, Created]).toEqual(['tongban', new Date(NOW).toISOString()]);
      const nonce = Buffer.from(Nonce['#text']!, 'base64');
      expect(nonce).toHaveLength(16);
      const expected = createHash('sha1').update(nonce).update(`${Created}p&ss`).digest('base64');
      expect(Password).toEqual({ '@Type': expect.stringMatching(/#PasswordDigest$/), '#text': expected });
    });

    it('by the password in plain text', async () => {
      const { token } = await sent({ type: 'username-token', password: 'text' });
      expect(token!.Password).toEqual({ '@Type': expect.stringMatching(/#PasswordText$/), '#text': 'p&ss' });
    });

    it('by HTTP', async () => {
      const { request } = await sent({ type: 'basic' });
      expect(request.headers.authorization).toBe(`Basic ${Buffer.from('tongban:p&ss').toString('base64')}`);
    });
  });

  it('has one record, or none, or pages of them', async () => {
    const all = ['1', '2', '3'];
    platform.answer = ({ body }) => {
      const from = Number(body['after'] ?? 0);
      return { r: { next: all[from] ?? '', ...(from < all.length && { case: { n: all[from] } }) } };
    };
    const ledger = new Ledger();
    const state = new MemoryState();
    const pages = { by: 'cursor', name: 'after', next: 'r.next' } as const;
    const poll = { operation: 'getCases', body: { size: 1 }, records: 'r.case', every_ms: 20, pages };
    adapter = await soapKind.create(
      configOf(platform, { poll }),
      { ...testContext(), state },
      plainMapping((one) => one),
    );
    await adapter.source!.start(ledger.submit);
    await vi.waitFor(() => expect(ledger.calls.map(bodyOf)).toEqual(all.map((n) => ({ n }))));
    expect(platform.calls[0]!.body).toEqual({ size: '1' });
    await vi.waitFor(() => expect(state.texts.at(-1)).toBe('{"place":"3"}'));
  });

  async function answered(config: SoapConfig, body: object): Promise<unknown> {
    let said: unknown;
    const answer = async (response: unknown) => {
      said = response;
      return { verdict: 'taken' } as const;
    };
    await deliver(outOf([{ operation: 'submitCase', body }], { answer }), config);
    return said;
  }

  async function deliver(mapping: Mapping, config = configOf(platform)): Promise<void> {
    adapter = await soapKind.create(config, testContext(), mapping);
    await adapter.sink!.deliver(testEvent(1), signal);
  }
});
