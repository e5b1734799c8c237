import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { ROLES, SHELL_ACCESS } from '../roles.ts';
import { ROUTE_ACCESS } from '../route-access.ts';
import { everyAccess } from '../testing/access.ts';
import type { TestApi } from '../testing/api.ts';

let region: ApiRegion;
let api: TestApi;

beforeAll(async () => {
  region = await apiRegion('320600');
  api = region.api;
});

afterAll(() => region.close());

test.each(everyAccess(ROUTE_ACCESS))('$method $url as $role: $refusal', async ({ method, url, role, refusal }) => {
  const headers = role ? { authorization: await api.bearer(role) } : {};
  const answer = await api.app.inject({ method, url, headers });
  if (refusal)
    expect(answer.json()).toMatchObject({ status: refusal, code: refusal === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN' });
  else expect([401, 403, 500]).not.toContain(answer.statusCode);
});

test('the table names every route of the API, each with at least one role, and auditors change nothing', async () => {
  const described = (await api.app.inject({ url: '/openapi.json' })).json() as { paths: Record<string, object> };
  const operations = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const ours = operations.filter((operation) => !Object.hasOwn(SHELL_ACCESS, operation));
  expect(ours.sort()).toEqual(Object.keys(ROUTE_ACCESS).sort());
  const open = Object.keys(ROUTE_ACCESS).filter((route) => ROUTE_ACCESS[route] === 'open');
  expect(open).toEqual([
    'GET /status-lists',
    'GET /status-lists/:n',
    'GET /verify',
    'GET /verify/:file',
    'GET /console',
    'GET /console/:file',
    'POST /v1/public/verify/text',
    'POST /v1/public/verify/file',
    'POST /hooks/:platform',
  ]);
  for (const [route, roles] of Object.entries(ROUTE_ACCESS)) {
    if (roles === 'open') continue;
    expect(roles.length, route).toBeGreaterThan(0);
    // What only looks at what it is given changes nothing; a session is the auditor's own.
    if (!route.startsWith('GET ') && !/^POST \/v1\/(certificates|documents)\/verify$|\/v1\/sessions/.test(route))
      expect(roles, route).not.toContain('auditor');
  }
  expect(everyAccess(ROUTE_ACCESS)).toHaveLength(Object.keys(ROUTE_ACCESS).length * (ROLES.length + 1));
});

test('every operation is described in Chinese and English', async () => {
  const { paths } = (await api.app.inject({ url: '/openapi.json' })).json() as {
    paths: Record<string, Record<string, { summary?: string; tags?: string[]; responses: object }>>;
  };
  for (const [path, methods] of Object.entries(paths)) {
    if (!path.startsWith('/v1/')) continue;
    for (const [method, { summary, tags, responses }] of Object.entries(methods)) {
      expect(summary, `${method} ${path}`).toMatch(/\p{Script=Han}.* \/ [a-z]/u);
      expect(tags, `${method} ${path}`).toHaveLength(1);
      expect(
        Object.keys(responses).some((status) => status.startsWith('20')),
        `${method} ${path}`,
      ).toBe(true);
    }
  }
});
