import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { ROLES, SHELL_ACCESS } from '../roles.ts';
import { ROUTE_ACCESS } from '../route-access.ts';
import { everyAccess } from '../testing/access.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const TABLE = { ...SHELL_ACCESS, ...ROUTE_ACCESS };
const PATHS = [...new Set(everyAccess(TABLE).map(({ url }) => url))];
const CLOSED = everyAccess(ROUTE_ACCESS).filter(({ role, refusal }) => role === undefined && refusal === 401);

let region: ApiRegion;
let authorization: string;

beforeAll(async () => {
  region = await apiRegion('320600');
  authorization = await region.api.bearer('operator');
});

afterAll(() => region.close());

const knock = (method: (typeof METHODS)[number], url: string, headers: Record<string, string>) =>
  region.api.app.inject({ method, url, headers });

describe('whatever the table does not name', () => {
  let before: Record<string, number>;

  beforeAll(async () => {
    before = await region.counts();
  });

  test.each(PATHS)('of the methods at %s is refused', async (url) => {
    const named = everyAccess(TABLE).filter((one) => one.url === url);
    for (const method of METHODS.filter((one) => !named.some((known) => known.method === one))) {
      // Only what is served as a file, and what caches keep, has its head too.
      if (method === 'HEAD' && /^\/(docs|status-lists)\b/.test(url)) continue;
      const { statusCode } = await knock(method, url, { authorization });
      expect([404, 405], `${method} ${url}`).toContain(statusCode);
    }
  });

  test.each(['admin', 'root', 'Operator', 'operator ', '', '__proto__', 'constructor'])(
    'opens nothing to the role %j',
    async (role) => {
      expect(ROLES).not.toContain(role);
      const now = Math.floor(region.api.clock.now() / 1000);
      const claims = { iss: 'urn:tongban:region:320600', aud: 'tongban-api', sub: 'x', iat: now, exp: now + 60, role };
      const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 7));
      expect(CLOSED.length).toBeGreaterThan(100);
      for (const { method, url } of CLOSED) {
        const answer = await knock(method, url, { authorization: `Bearer ${token}` });
        expect([answer.statusCode, answer.json().code], `${method} ${url}`).toEqual([401, 'UNAUTHORIZED']);
      }
    },
  );

  test('leaves nothing behind', async () => {
    expect(await region.counts()).toEqual(before);
  });
});

describe('a browser', () => {
  test('is known by its token alone: what it sends by itself opens nothing, and nothing is left with it', async () => {
    const token = authorization.slice('Bearer '.length);
    const byItself = {
      cookie: `token=${token}; authorization=${token}; session=${token}`,
      origin: 'https://elsewhere.example',
      'x-authorization': authorization,
    };
    for (const { method, url } of CLOSED) {
      const answer = await knock(method, `${url}?access_token=${token}&token=${token}`, byItself);
      expect([answer.statusCode, answer.json().code], `${method} ${url}`).toEqual([401, 'UNAUTHORIZED']);
    }
    for (const { method, url } of everyAccess(TABLE).filter(({ role }) => role === 'operator')) {
      const { headers } = await knock(method, url, { authorization, origin: 'https://elsewhere.example' });
      expect(headers['set-cookie'], `${method} ${url}`).toBeUndefined();
      // Status lists are for everybody, and say nothing of the one who reads them.
      if (!url.startsWith('/status-lists'))
        expect(headers['access-control-allow-origin'], `${method} ${url}`).toBeUndefined();
    }
  });

  test('gets a policy with every answer, by which nothing runs that does not come from here', async () => {
    for (const { method, url } of everyAccess(TABLE).filter(({ role }) => role === undefined)) {
      const { headers } = await knock(method, url, {});
      const policy = String(headers['content-security-policy']);
      expect(policy, `${method} ${url}`).toContain("default-src 'none'");
      expect(policy, `${method} ${url}`).toMatch(/frame-ancestors 'none'/);
      expect(policy, `${method} ${url}`).not.toMatch(/script-src[^;]*('unsafe-|https?:|\*|data:)/);
      expect(headers['x-content-type-options'], `${method} ${url}`).toBe('nosniff');
    }
  });

  test.each(['/verify', '/console', '/docs/'])('gets the page %s without a script in it', async (url) => {
    const page = await knock('GET', url, {});
    expect(page.statusCode).toBe(200);
    const scripts = [...page.body.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes, inside] of scripts) {
      expect(attributes).toMatch(/\bsrc="(?!https?:|\/\/)[^"]+"/);
      expect(inside?.trim()).toBe('');
    }
    expect(page.body).not.toMatch(/\son[a-z]+\s*=|javascript:/i);
  });
});
