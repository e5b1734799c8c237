import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';

let region: ApiRegion;

beforeAll(async () => {
  region = await apiRegion('320600');
});

afterAll(() => region.close());

const get = (url: string, headers: Record<string, string> = {}) => region.api.app.inject({ url, headers });

describe('the console', () => {
  it('is there without a login, may do nothing but what it brings, and holds nothing secret', async () => {
    const page = await get('/console');
    expect(page.statusCode).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    });
    const policy = String(page.headers['content-security-policy']).split(';');
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule);
    expect(policy.join()).not.toMatch(/unsafe|https?:|\*|data:/);
    expect(page.body).toContain('江苏省南通市（320600）');
    expect(page.body).not.toMatch(/https?:\/\/|style=|\son[a-z]+=|<script>|\{\{/);
    const linked = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link]) => link!);
    expect(linked).toContain('console/main.js');
    for (const link of linked) expect((await get(`/${link}`)).statusCode, link).toBe(200);
  });

  it('is asked again and sent once, and small enough for a slow line', async () => {
    const { headers, rawPayload } = await get('/console/element-plus.js', { 'accept-encoding': 'gzip' });
    expect(headers).toMatchObject({ 'cache-control': 'no-cache', 'content-encoding': 'gzip' });
    expect(rawPayload.length).toBeLessThan(350_000);
    expect(gunzipSync(rawPayload).toString()).toContain('from"./vue.js"');
    const again = await get('/console/element-plus.js', { 'if-none-match': String(headers['etag']) });
    expect(again).toMatchObject({ statusCode: 304, body: '' });
  });

  it('is found with a slash behind it', async () => {
    const { statusCode, headers } = await get('/console/');
    expect(statusCode).toBe(308);
    expect(new URL(String(headers.location), 'https://a.example/b/console/').pathname).toBe('/b/console');
  });

  it.each([
    'console-files.ts',
    'page',
    '__proto__',
    'constructor',
    '..%2fconsole-files.ts',
    '..%2f..%2f..%2fpackage.json',
    '%2e%2e',
    'main.js%00',
    'index.full.min.mjs',
    'element-plus.js.map',
  ])('has no file %s', async (name) => {
    const answer = await get(`/console/${name}`);
    expect([400, 404]).toContain(answer.statusCode);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('is left by a path that climbs out of it', async () => {
    for (const url of ['/console/../x', '/console/x/../../x', '/console/page/main.js'])
      expect((await get(url)).statusCode, url).toBe(404);
  });
});

describe('another site', () => {
  const origin = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x', 'application/json'])(
    'gets nothing done with the browser of one who is signed in: %s',
    async (type) => {
      const token = (await region.api.bearer('sysadmin')).slice('Bearer '.length);
      const before = await region.counts();
      for (const url of ['/v1/dead-letters/hall:in:1/drop', '/v1/dead-letters/hall:in:1/retry', '/v1/sessions']) {
        const headers = { ...origin, 'content-type': type, cookie: `token=${token}; session=${token}` };
        const answer = await region.api.app.inject({ method: 'POST', url, headers, payload: '{"reason":"x"}' });
        expect([answer.statusCode, answer.json().code], url).toEqual([401, 'UNAUTHORIZED']);
        expect(answer.headers).not.toHaveProperty('set-cookie');
      }
      expect(await region.counts()).toEqual(before);
    },
  );

  it('may not even ask whether it might send the header of the token', async () => {
    const asked = {
      ...origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    const { statusCode, headers } = await region.api.app.inject({
      method: 'OPTIONS',
      url: '/v1/dead-letters/hall:in:1/drop',
      headers: asked,
    });
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('who I am', () => {
  it.each(['platform', 'operator', 'sysadmin', 'secadmin', 'auditor'] as const)('is told to a %s', async (role) => {
    const { json, headers } = await region.ask('GET', '/v1/sessions/current', { role });
    expect(json).toMatchObject({
      role,
      acts: true,
      region: '320600',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(json.factor).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
  });
});
