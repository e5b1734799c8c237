import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckRegion, checkRegion, licence } from '../../testing/check-region.ts';
import { ERROR_WORDS } from '../../verify/error-words.ts';
import { pageOf } from '../../verify/testing/page-of.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { verifyRoutes } from './verify.ts';

const NOW = Date.UTC(2026, 10, 20, 2);
const ACCESS = {
  'GET /verify': 'open',
  'GET /verify/:file': 'open',
  'POST /v1/public/verify/text': 'open',
  'POST /v1/public/verify/file': 'open',
} as const;
const HOLDER = /示例餐饮有限公司|阿不都|91150626MA0000001R/;
const OCTETS = 'application/octet-stream';

let region: CheckRegion;
let text: string;
let qr: string;

beforeAll(async () => {
  region = await checkRegion('150626', { now: () => NOW });
  const { identifier, ...issued } = await region.certificates.issue(licence(NOW));
  ({ text } = issued);
  qr = (await region.certificates.reference({ identifier, issuer: '150626' }))!;
});

afterAll(() => region.close());

type Opened = TestApi & {
  verify(body: unknown, options?: InjectOptions): Promise<Awaited<ReturnType<TestApi['app']['inject']>>>;
  verifyFile(body: Buffer): Promise<Awaited<ReturnType<TestApi['app']['inject']>>>;
};

/** Runs a test on an API that has nothing but the page. */
async function withApi(
  test: (api: Opened) => Promise<void>,
  { trustedProxies = [], ...changes }: Parameters<typeof pageOf>[2] & { trustedProxies?: string[] } = {},
): Promise<void> {
  const verification = pageOf(region, { now: () => NOW }, { ratePerMinute: 100, ...changes });
  const api = await startTestApi({
    access: ACCESS,
    routes: [verifyRoutes({ verification, region: '150626' })],
    trustedProxies,
  });
  const url = '/v1/public/verify';
  try {
    await test({
      ...api,
      verify: (payload, options) =>
        api.app.inject({ method: 'POST', url: `${url}/text`, payload: payload as object, ...options }),
      verifyFile: (payload) =>
        api.app.inject({ method: 'POST', url: `${url}/file`, payload, headers: { 'content-type': OCTETS } }),
    });
  } finally {
    await api.close(0);
  }
}

describe('the page', () => {
  it('may do nothing but what it brings, and is whole without any other server', () =>
    withApi(async ({ app }) => {
      const page = await app.inject('/verify');
      expect(page.statusCode).toBe(200);
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'permissions-policy': 'camera=(self), geolocation=(), microphone=()',
      });
      const policy = String(page.headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
      expect(page.headers).not.toHaveProperty('set-cookie');
      expect(page.body).toContain('内蒙古自治区鄂尔多斯市乌审旗（150626）');
      expect(page.body).not.toMatch(/https?:\/\/|style=|\son[a-z]+=|<script>|\{\{/);
      const linked = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link]) => link!);
      expect(linked).toContain('verify/page.js');
      for (const link of linked) expect((await app.inject(`/${link}`)).statusCode).toBe(200);
    }));

  it('is asked again and sent once', () =>
    withApi(async ({ app }) => {
      const { headers, rawPayload } = await app.inject({
        url: '/verify/page.js',
        headers: { 'accept-encoding': 'gzip' },
      });
      expect(headers).toMatchObject({
        'cache-control': 'no-cache',
        'content-encoding': 'gzip',
        vary: 'accept-encoding',
      });
      const plain = await app.inject('/verify/page.js');
      expect(gunzipSync(rawPayload).equals(plain.rawPayload)).toBe(true);
      const etag = String(headers['etag']);
      const again = await app.inject({ url: '/verify/page.js', headers: { 'if-none-match': `"x", W/${etag}` } });
      expect(again).toMatchObject({ statusCode: 304, body: '' });
    }));

  it('brings the decoder of QR codes as it was published', () =>
    withApi(async ({ app }) => {
      const { body, headers } = await app.inject('/verify/decode.js');
      expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
      expect(body).toBe(await readFile(fileURLToPath(import.meta.resolve('qr/decode.js')), 'utf8'));
      for (const [, name] of body.matchAll(/ from '\.\/([^']+)'/g))
        expect((await app.inject(`/verify/${name}`)).statusCode).toBe(200);
    }));

  it('is found with a slash behind it', () =>
    withApi(async ({ app }) => {
      const { statusCode, headers } = await app.inject('/verify/');
      expect(statusCode).toBe(308);
      expect(new URL(String(headers.location), 'https://a.example/b/verify/').pathname).toBe('/b/verify');
    }));

  it.each([
    'verification.ts',
    'page',
    '__proto__',
    'constructor',
    '..%2f..%2f..%2fpackage.json',
    '%2e%2e',
    'dom.js',
    'page.js%00',
  ])('has no file %s', (name) =>
    withApi(async ({ app }) => {
      const answer = await app.inject(`/verify/${name}`);
      expect([400, 404]).toContain(answer.statusCode);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }),
  );

  it('is not there when the region does not want it, nor is what it asks', () =>
    withApi(
      async ({ app, verify, verifyFile }) => {
        const answers = [
          app.inject('/verify'),
          app.inject('/verify/page.js'),
          verify({ text: qr }),
          verifyFile(Buffer.from(qr)),
        ];
        for (const answer of await Promise.all(answers)) {
          expect(answer.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
          expect(answer.json().detail).toContain('no public verification page');
        }
      },
      { page: false },
    ));
});

describe('an answer', () => {
  it('needs no token and is kept by nobody', () =>
    withApi(async ({ verify, verifyFile }) => {
      for (const answer of [await verify({ text: qr }), await verifyFile(Buffer.from(text))]) {
        expect(answer.json()).toMatchObject({ tone: 'good', conclusion: { zh: '有效', en: 'Valid' } });
        expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
        for (const name of ['set-cookie', 'access-control-allow-origin'])
          expect(answer.headers).not.toHaveProperty(name);
      }
    }));

  it('never repeats what a QR code said', () =>
    withApi(async ({ verify }) => {
      const answer = await verify({ text: 'https://evil.example/?id=1' });
      expect(answer.statusCode).toBe(422);
      expect(answer.json()).toMatchObject({ code: 'CERTIFICATE_REFERENCE', status: 422 });
      expect(answer.body).not.toContain('evil.example');
    }));

  it('that is an error has a code and words for everybody', () =>
    withApi(async (api) => {
      const { verify, verifyFile, app } = api;
      const foreign = await checkRegion('150626', { now: () => NOW });
      const forged = (await foreign.certificates.issue(licence(NOW))).text;
      await foreign.close();
      const json = { 'content-type': 'application/json' };
      const wrong = { method: 'POST', url: '/v1/public/verify/file', payload: 'x', headers: json } as const;
      for (const [answer, status, code] of [
        [await verify({ text: forged }), 422, 'KEY_UNKNOWN'],
        [await verify({ text: 'TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI' }), 404, 'NOT_FOUND'],
        [await verify({ text: '' }), 422, 'VALIDATION_FAILED'],
        [await verify({ text: qr, cookie: 1 }), 422, 'VALIDATION_FAILED'],
        [await verify(undefined, { payload: '{', headers: json }), 400, 'REQUEST_INVALID'],
        [await verify({ text: 'A'.repeat(600_000) }), 413, 'REQUEST_INVALID'],
        [await verifyFile(Buffer.alloc(20 * 1024 * 1024 + 1)), 413, 'REQUEST_INVALID'],
        [await app.inject(wrong), 415, 'REQUEST_INVALID'],
      ] as const) {
        const { zh, en } = ERROR_WORDS[code];
        expect(answer.json()).toMatchObject({ status, code, detail: `${zh} / ${en}` });
        expect(answer.headers['content-type']).toContain('application/problem+json');
        expect(answer.headers['cache-control']).toBe('no-store');
      }
    }));

  it('that nobody foresaw says nothing, and the log says where', () => {
    const verify = () => Promise.reject(new Error('阿不都·示例'));
    const certificates = { verify, find: async () => undefined };
    return withApi(
      async ({ verify, logged }) => {
        const answer = await verify({ text });
        const { zh, en } = ERROR_WORDS.INTERNAL;
        expect(answer.json()).toMatchObject({ status: 500, code: 'INTERNAL', detail: `${zh} / ${en}` });
        expect(logged.join('')).toContain('failed unexpectedly');
        expect(answer.body + logged.join('')).not.toMatch(HOLDER);
      },
      { certificates },
    );
  });
});

describe('too many verifications', () => {
  it('of one address are told to wait, and how long', () =>
    withApi(
      async ({ verify, verifyFile }) => {
        expect((await verify({ text: qr })).statusCode).toBe(200);
        expect((await verifyFile(Buffer.from(qr))).statusCode).toBe(200);
        for (const answer of [await verify({ text: qr }), await verifyFile(Buffer.from(qr))]) {
          expect(answer.statusCode).toBe(429);
          expect(answer.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' });
          expect(answer.json()).toMatchObject({ code: 'BACK_PRESSURE', detail: expect.stringContaining('请稍候') });
        }
      },
      { ratePerMinute: 2 },
    ));

  it('are counted by the address that a trusted web server names, and by no other word', () => {
    const named = (address: string, remoteAddress = '127.0.0.1') => ({
      remoteAddress,
      headers: { 'x-forwarded-for': address },
    });
    return withApi(
      async ({ verify }) => {
        const status = async (options: InjectOptions) => (await verify({ text: qr }, options)).statusCode;
        expect(await status(named('192.0.2.1'))).toBe(200);
        expect(await status(named('192.0.2.1'))).toBe(429);
        expect(await status(named('192.0.2.2'))).toBe(200);
        // What the client wrote before the web server added its address.
        expect(await status(named('192.0.2.77, 192.0.2.2'))).toBe(429);
        expect(await status(named('192.0.2.3', '198.51.100.1'))).toBe(200);
        expect(await status(named('192.0.2.4', '198.51.100.1'))).toBe(429);
      },
      { ratePerMinute: 1, trustedProxies: ['127.0.0.1'] },
    );
  });

  it('by whoever pretends to be a web server are counted for himself', () =>
    withApi(
      async ({ verify }) => {
        const headers = { 'x-forwarded-for': '192.0.2.1' };
        expect((await verify({ text: qr }, { headers })).statusCode).toBe(200);
        expect((await verify({ text: qr }, { headers: { 'x-forwarded-for': '192.0.2.2' } })).statusCode).toBe(429);
      },
      { ratePerMinute: 1 },
    ));
});

it('keeps nothing and writes nothing about anybody', () =>
  withApi(async ({ verify, verifyFile, metrics, logged }) => {
    const before = await countRows();
    await verify({ text });
    await verify({ text: qr });
    await verifyFile(Buffer.from(text));
    await verify({ text: text.slice(0, -40) });
    expect(await countRows()).toEqual(before);
    const written = logged.join('') + (await metrics.text());
    expect(written).toMatch(/tongban_http_requests_total\{route="\/v1\/public\/verify\/text",status="200"\} 2/);
    expect(written).not.toMatch(HOLDER);
    expect(written).not.toContain(qr.slice(-26));
    expect(written).not.toContain('127.0.0.1');
  }));

async function countRows(): Promise<Record<string, number>> {
  const { read } = region.store;
  const tables = await read.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables)
    counts[name] = (await read.get<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`))!.n;
  return counts;
}
