import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CodedError } from '#proto';
import { findAccess, ROLES, SHELL_ACCESS } from './roles.ts';
import type { RouteModule } from './server.ts';
import { everyAccess } from './testing/access.ts';
import { startTestApi, type TestApi } from './testing/api.ts';

const ACCESS = {
  'GET /v1/things/:id': ['platform', 'operator', 'auditor', 'secadmin'],
  'POST /v1/things': ['platform', 'operator'],
  'PUT /v1/things/:id': ['operator'],
  'DELETE /v1/things/:id': ['secadmin'],
  'GET /v1/records': ['auditor', 'secadmin'],
  'GET /v1/nobody': [],
  'GET /v1/about': 'open',
} as const;

let entered = 0;
const routes: RouteModule = (app) => {
  const enter = async () => {
    entered++;
    return { entered: true };
  };
  app.get('/v1/things/:id', enter);
  app.post('/v1/things', enter);
  app.put('/v1/things/:id', enter);
  app.delete('/v1/things/:id', enter);
  app.get('/v1/records', enter);
  app.get('/v1/nobody', enter);
  app.get('/v1/about', enter);
};

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi({ access: ACCESS, routes: [routes] });
});

afterAll(async () => {
  await api.close(0);
});

test.each(everyAccess(ACCESS))('$method $url as $role: $refusal', async ({ method, url, role, refusal }) => {
  const before = entered;
  const headers = role ? { authorization: await api.bearer(role) } : {};
  const response = await api.app.inject({ method, url, headers });
  expect(response.statusCode).toBe(refusal ?? 200);
  expect(entered - before).toBe(refusal ? 0 : 1);
  if (refusal) expect(response.json()).toMatchObject({ code: refusal === 401 ? 'UNAUTHORIZED' : 'FORBIDDEN' });
  if (refusal === 401) expect(response.headers['www-authenticate']).toBe('Bearer');
});

test('the table of cases covers every route, every role and no token', () => {
  expect(everyAccess(ACCESS)).toHaveLength(Object.keys(ACCESS).length * (ROLES.length + 1));
});

test.each(everyAccess(SHELL_ACCESS))('the server itself: $method $url as $role', async ({ method, url, role }) => {
  const headers = role ? { authorization: await api.bearer(role) } : {};
  expect((await api.app.inject({ method, url, headers })).statusCode).toBe(200);
});

const NOW = 1_793_000_000;
const GOOD = {
  iss: 'urn:tongban:region:320600',
  aud: 'tongban-api',
  sub: 'local-secadmin',
  role: 'secadmin',
  iat: NOW,
  exp: NOW + 60,
};
const KEY = Buffer.alloc(32, 7);

async function signed(claims: Record<string, unknown>, alg = 'HS256', key: Uint8Array = KEY): Promise<string> {
  return `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg }).sign(key)}`;
}

const without = (claim: keyof typeof GOOD) =>
  Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));
const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(GOOD)).toString('base64url')}.`;

test('a token made by hand with all claims is good', async () => {
  const response = await api.app.inject({ url: '/v1/records', headers: { authorization: await signed(GOOD) } });
  expect(response.statusCode).toBe(200);
});

test.each<[string, () => Promise<string> | string]>([
  ['of another key', () => signed(GOOD, 'HS256', Buffer.alloc(32, 8))],
  ['of another algorithm', () => signed(GOOD, 'HS512', Buffer.alloc(64, 7))],
  ['without a signature', () => `Bearer ${unsigned}`],
  ['that has ended', () => signed({ ...GOOD, exp: NOW - 1 })],
  ['that was issued in the future', () => signed({ ...GOOD, iat: NOW + 61 })],
  ['that is good for longer than a year', () => signed({ ...GOOD, exp: NOW + 367 * 86_400 })],
  [
    'of the machine in an emergency that is good for longer than a quarter of an hour',
    () => signed({ ...GOOD, break_glass: '故障', exp: NOW + 901 }),
  ],
  ['that is longer than eight thousand characters', () => signed({ ...GOOD, more: 'x'.repeat(8_000) })],
  ['that begins later', () => signed({ ...GOOD, nbf: NOW + 30 })],
  ['of another issuer', () => signed({ ...GOOD, iss: 'urn:tongban:region:150626' })],
  ['for another audience', () => signed({ ...GOOD, aud: 'tongban-peer' })],
  ['without issuer', () => signed(without('iss'))],
  ['without audience', () => signed(without('aud'))],
  ['without subject', () => signed(without('sub'))],
  ['without an end', () => signed(without('exp'))],
  ['without a role', () => signed(without('role'))],
  ['with an invented role', () => signed({ ...GOOD, role: 'root' })],
  ['with a list of roles', () => signed({ ...GOOD, role: ['secadmin'] })],
  ['of a subject of the sign-on', () => signed({ ...GOOD, sub: 'oidc:u-17' })],
  ['with an empty subject', () => signed({ ...GOOD, sub: '' })],
  ['that was cut', async () => (await signed(GOOD)).slice(0, -2)],
  ['that is not one', () => 'Bearer x.y.z'],
  ['of another scheme', () => 'Basic YWRtaW46YWRtaW4='],
  ['that is empty', () => 'Bearer '],
])('a token %s is refused, and nothing more is said', async (_what, make) => {
  const before = entered;
  const response = await api.app.inject({ url: '/v1/records', headers: { authorization: await make() } });
  expect(response.statusCode).toBe(401);
  expect(response.json()).toMatchObject({ code: 'UNAUTHORIZED', detail: expect.stringContaining('tongban token') });
  expect(entered).toBe(before);
});

test('a token ends when the clock of the gateway says so', async () => {
  const authorization = await api.bearer('auditor', { ttlSeconds: 10 });
  expect((await api.app.inject({ url: '/v1/records', headers: { authorization } })).statusCode).toBe(200);
  api.clock.time += 11_000;
  expect((await api.app.inject({ url: '/v1/records', headers: { authorization } })).statusCode).toBe(401);
  api.clock.time -= 11_000;
});

test('a route that the table does not name stops the start', async () => {
  const more: RouteModule = (app) => {
    app.patch('/v1/things/:id', async () => ({}));
  };
  await expect(startTestApi({ access: ACCESS, routes: [routes, more] })).rejects.toThrow(
    'PATCH /v1/things/:id has no entry',
  );
});

test('an entry of the table without a route stops the start', async () => {
  await expect(startTestApi({ access: { ...ACCESS, 'GET /v1/gone': ['secadmin'] }, routes: [routes] })).rejects.toThrow(
    'GET /v1/gone',
  );
});

test('a short key stops the start', async () => {
  const tokens = { secret: Buffer.alloc(31), issuer: 'i', audience: 'a' };
  await expect(startTestApi({ access: {}, tokens })).rejects.toThrow(CodedError);
});

test('a pattern with a star covers what is below it and nothing beside it', () => {
  const table = { 'GET /docs/*': 'open' } as const;
  expect(findAccess(table, 'GET', '/docs')?.[1]).toBe('open');
  expect(findAccess(table, 'GET', '/docs/static/*')?.[1]).toBe('open');
  expect(findAccess(table, 'GET', '/docsecret')).toBeUndefined();
  expect(findAccess(table, 'POST', '/docs')).toBeUndefined();
});
