import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestAuthority } from '../../../trust/testing/reference-signer/authority.ts';
import type { OidcConfig } from '../../config/tokens-config.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { OidcTokens } from './oidc-tokens.ts';

const ISSUER = 'https://sso.example.cn/realms/hall';
const AUDIENCE = 'tongban';
const NOW = 1_793_000_000;
const MINUTE_MS = 60_000;
const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'u-17',
  roles: ['大厅窗口', 'offline_access'],
  iat: NOW,
  exp: NOW + 600,
};
const ACCESS = { 'GET /v1/things': ['operator'], 'GET /v1/records': ['auditor'] } as const;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const SECRET = Buffer.alloc(32, 5);

const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid });
const KEYS: readonly object[] = [
  jwk(rsa.publicKey, 'rsa'),
  jwk(ec.publicKey, 'ec'),
  jwk(ed.publicKey, 'ed'),
  jwk(weak.publicKey, 'weak'),
  // None of these may ever verify anything.
  { kty: 'oct', k: SECRET.toString('base64url'), kid: 'secret', alg: 'HS256' },
  jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'private'),
  { ...jwk(ec.publicKey, 'sealed'), use: 'enc' },
];

let folder: string;
let issuer: Server;
/** What the issuer answers. */
let published: { status?: number; body: string; location?: string };
let asked: number;
let config: OidcConfig;
let api: TestApi;
const apis: TestApi[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-oidc-'));
  const authority = await TestAuthority.make();
  const { certificate, key } = await authority.issue('127.0.0.1');
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  await writeFile(join(folder, 'other.pem'), (await TestAuthority.make()).certificate);
  issuer = createServer({ cert: certificate, key }, (_request, response) => {
    asked += 1;
    const { status = 200, body, location } = published;
    response.writeHead(status, location ? { location } : {}).end(body);
  }).listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const { port } = issuer.address() as { port: number };
  config = {
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: { url: `https://127.0.0.1:${port}/certs` },
    caFile: join(folder, 'ca.pem'),
    roleClaim: 'roles',
    roles: { 大厅窗口: 'operator', 审计: 'auditor' },
    maxAgeMs: 60 * MINUTE_MS,
  };
});

afterAll(async () => {
  issuer.close();
  issuer.closeAllConnections();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  published = { body: JSON.stringify({ keys: KEYS }) };
  asked = 0;
  api = await open();
});

afterEach(async () => {
  await Promise.all(apis.splice(0).map((one) => one.close(0)));
});

let failures: unknown[] = [];

async function open(changes: Partial<OidcConfig> = {}): Promise<TestApi> {
  failures = [];
  const clock = { now: () => opened.clock.now() };
  const signOn = new OidcTokens({ ...config, ...changes }, { clock, onError: (error) => failures.push(error) });
  const local = { secret: Buffer.alloc(32, 7), issuer: 'urn:tongban:region:320600', audience: 'tongban-api' };
  const opened: TestApi = await startTestApi({
    access: ACCESS,
    routes: [
      (app) => {
        app.get('/v1/things', async (request) => request.user);
        app.get('/v1/records', async (request) => request.user);
      },
    ],
    tokens: { ...local, signOn },
  });
  apis.push(opened);
  return opened;
}

type Header = { alg: string; kid?: string; typ?: string };

function token(
  claims: object,
  header: Header = { alg: 'RS256', kid: 'rsa' },
  key: KeyObject | Uint8Array = rsa.privateKey,
) {
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);
}

async function ask(bearer: string, url = '/v1/things', of = api) {
  const answer = await of.app.inject({ url, headers: { authorization: `Bearer ${bearer}` } });
  return { status: answer.statusCode, headers: answer.headers, json: answer.json() };
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe("a token of the region's own sign-on", () => {
  test.each<[Header, KeyObject]>([
    [{ alg: 'RS256', kid: 'rsa', typ: 'JWT' }, rsa.privateKey],
    [{ alg: 'PS256', kid: 'rsa' }, rsa.privateKey],
    [{ alg: 'ES256', kid: 'ec', typ: 'at+jwt' }, ec.privateKey],
    [{ alg: 'EdDSA', kid: 'ed' }, ed.privateKey],
  ])('is good with %j, and has the role that its claim stands for and no other', async (header, key) => {
    const bearer = await token(CLAIMS, header, key);
    expect(await ask(bearer)).toMatchObject({ status: 200, json: { sub: 'oidc:u-17', role: 'operator' } });
    expect(await ask(bearer, '/v1/records')).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    expect(asked).toBe(1);
  });

  test('is good beside tokens of the local key', async () => {
    const local = await api.bearer('auditor');
    expect((await api.app.inject({ url: '/v1/records', headers: { authorization: local } })).statusCode).toBe(200);
    expect((await ask(await token(CLAIMS))).status).toBe(200);
  });

  test('may have its roles deep in objects', async () => {
    const deep = await open({ roleClaim: 'realm_access.roles' });
    const { roles, ...claims } = CLAIMS;
    expect((await ask(await token({ ...claims, realm_access: { roles } }), '/v1/things', deep)).status).toBe(200);
    expect((await ask(await token(CLAIMS), '/v1/things', deep)).status).toBe(401);
  });

  test('is good within thirty seconds of its times, whichever clock is late', async () => {
    expect((await ask(await token({ ...CLAIMS, exp: NOW - 29 }))).status).toBe(200);
    expect((await ask(await token({ ...CLAIMS, nbf: NOW + 29, iat: NOW + 29 }))).status).toBe(200);
  });

  const without = (name: keyof typeof CLAIMS) =>
    Object.fromEntries(Object.entries(CLAIMS).filter(([claim]) => claim !== name));
  const good: Header = { alg: 'RS256', kid: 'rsa' };
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });

  test.each<[string, () => Promise<string> | string]>([
    ['for another audience', () => token({ ...CLAIMS, aud: 'account' })],
    ['without an audience', () => token(without('aud'))],
    ['of another issuer', () => token({ ...CLAIMS, iss: `${ISSUER}/` })],
    [
      'of the local issuer with a key of this one',
      () => token({ ...CLAIMS, iss: 'urn:tongban:region:320600', role: 'operator' }),
    ],
    ['that has ended', () => token({ ...CLAIMS, exp: NOW - 31 })],
    ['that begins later', () => token({ ...CLAIMS, nbf: NOW + 31 })],
    ['that was issued in the future', () => token({ ...CLAIMS, iat: NOW + 31 })],
    ['that is too old, whatever its end says', () => token({ ...CLAIMS, iat: NOW - 3_700, exp: NOW + 600 })],
    ['without an end', () => token(without('exp'))],
    ['without the time of its issue', () => token(without('iat'))],
    ['without a subject', () => token(without('sub'))],
    ['with a subject of control characters', () => token({ ...CLAIMS, sub: 'a\nb' })],
    ['without a role', () => token(without('roles'))],
    ['with roles that mean nothing here', () => token({ ...CLAIMS, roles: ['admin', 'operator'] })],
    ['with two roles of ours', () => token({ ...CLAIMS, roles: ['大厅窗口', '审计'] })],
    ['with a role as an object', () => token({ ...CLAIMS, roles: { 大厅窗口: true } })],
    ['for another purpose', () => token(CLAIMS, { ...good, typ: 'logout+jwt' })],
    ['without a kid', () => token(CLAIMS, { alg: 'RS256' })],
    ['with a kid that nobody has', () => token(CLAIMS, { alg: 'RS256', kid: '../../rsa' })],
    ['with the kid of another key', () => token(CLAIMS, { alg: 'RS256', kid: 'weak' })],
    ['of a weak key', () => handMade({ alg: 'RS256', kid: 'weak' })],
    ['with another algorithm than its key has', () => token(CLAIMS, { alg: 'ES256', kid: 'rsa' }, ec.privateKey)],
    ['of an encryption key', () => token(CLAIMS, { alg: 'ES256', kid: 'sealed' }, ec.privateKey)],
    ['of a secret that was published by mistake', () => token(CLAIMS, { alg: 'HS256', kid: 'secret' }, SECRET)],
    ['whose HMAC is of the public key as text', () => confused(String(pem))],
    ['whose HMAC is of the public key as bytes', () => confused(rsa.publicKey.export({ type: 'spki', format: 'der' }))],
    ['without a signature', () => `${encoded({ alg: 'none', kid: 'rsa' })}.${encoded(CLAIMS)}.`],
    [
      'that was changed',
      async () => (await token(CLAIMS)).replace(/\.[^.]+\./, `.${encoded({ ...CLAIMS, sub: 'u-18' })}.`),
    ],
    ['that is longer than eight thousand characters', () => token({ ...CLAIMS, more: 'x'.repeat(8_000) })],
  ])('%s is refused, and nothing more is said', async (_what, make) => {
    const { status, json } = await ask(await make());
    expect([status, json.code]).toEqual([401, 'UNAUTHORIZED']);
    expect(json.detail).toContain('tongban token');
  });

  /** jose itself does not sign with a weak key. */
  function handMade(header: Header): Promise<string> {
    const signed = `${encoded(header)}.${encoded(CLAIMS)}`;
    return import('node:crypto').then(
      ({ sign }) => `${signed}.${sign('sha256', Buffer.from(signed), weak.privateKey).toString('base64url')}`,
    );
  }

  function confused(secret: string | Buffer): string {
    const signed = `${encoded({ alg: 'HS256', kid: 'rsa' })}.${encoded(CLAIMS)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }
});

describe('the keys of the issuer', () => {
  const status = async (bearer: string) => (await ask(bearer)).status;

  test('are asked for when a new one comes up, at most once a minute', async () => {
    const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const bearer = await token({ ...CLAIMS, exp: NOW + 3600 }, { alg: 'ES256', kid: 'next' }, next.privateKey);
    expect(await status(await token(CLAIMS))).toBe(200);
    published.body = JSON.stringify({ keys: [...KEYS, jwk(next.publicKey, 'next')] });
    for (let n = 0; n < 5; n += 1) expect(await status(bearer)).toBe(401);
    expect(asked).toBe(1);
    api.clock.time += MINUTE_MS + 1;
    expect(await Promise.all([status(bearer), status(bearer), status(bearer)])).toEqual([200, 200, 200]);
    expect(asked).toBe(2);
  });

  test('that were withdrawn no longer count once they were asked for again', async () => {
    const bearer = await token({ ...CLAIMS, exp: NOW + 3600 });
    expect(await status(bearer)).toBe(200);
    published.body = JSON.stringify({ keys: [jwk(ec.publicKey, 'ec')] });
    api.clock.time += 10 * MINUTE_MS;
    await status(bearer);
    await expect.poll(() => status(bearer)).toBe(401);
  });

  test('serve a day at most while the issuer is away, and tokens of the local key are good all the same', async () => {
    const day = await open({ maxAgeMs: 48 * 60 * MINUTE_MS });
    const bearer = await token({ ...CLAIMS, exp: NOW + 200_000 });
    const asks = () => ask(bearer, '/v1/things', day);
    expect((await asks()).status).toBe(200);
    published = { status: 500, body: '' };
    day.clock.time += 23 * 60 * MINUTE_MS;
    expect((await asks()).status).toBe(200);
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    day.clock.time += 2 * 60 * MINUTE_MS;
    const refused = await asks();
    expect([refused.status, refused.json.code]).toEqual([503, 'ISSUER_UNREACHABLE']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const authorization = await day.bearer('operator');
    expect((await day.app.inject({ url: '/v1/things', headers: { authorization } })).statusCode).toBe(200);
    published = { body: JSON.stringify({ keys: KEYS }) };
    day.clock.time += MINUTE_MS;
    expect((await asks()).status).toBe(200);
  });

  test.each<[string, typeof published | undefined, Partial<OidcConfig> | (() => Partial<OidcConfig>)]>([
    ['the issuer answers with an error', { status: 404, body: '' }, {}],
    ['the answer is no JSON', { body: '<html>' }, {}],
    ['the answer holds no key', { body: '{"keys":[]}' }, {}],
    ['the answer is too long', { body: ' '.repeat(300_000) }, {}],
    ['the answer leads elsewhere', { status: 302, body: '', location: '/certs' }, {}],
    ['another authority vouches for it', undefined, () => ({ caFile: join(folder, 'other.pem') })],
    ['only the authorities of the system vouch for it', undefined, { caFile: undefined }],
    ['the file is not there', undefined, () => ({ keys: { file: join(folder, 'none.json') }, caFile: undefined })],
  ])('were never had where %s: nobody is let in', async (_what, answer, changes) => {
    if (answer) published = answer;
    const closed = await open(typeof changes === 'function' ? changes() : changes);
    const bearer = await token(CLAIMS);
    for (let n = 0; n < 3; n += 1)
      expect(await ask(bearer, '/v1/things', closed)).toMatchObject({
        status: 503,
        json: { code: 'ISSUER_UNREACHABLE' },
      });
    expect(failures).toHaveLength(1);
    expect(asked).toBeLessThanOrEqual(1);
  });

  test('are read from a file where there is no way to the issuer', async () => {
    const file = join(folder, 'keys.json');
    await writeFile(file, JSON.stringify({ keys: [jwk(ec.publicKey, 'ec')] }));
    const apart = await open({ keys: { file }, caFile: undefined });
    expect(
      (await ask(await token(CLAIMS, { alg: 'ES256', kid: 'ec' }, ec.privateKey), '/v1/things', apart)).status,
    ).toBe(200);
    expect(asked).toBe(0);
  });
});

test('a role that is none of ours stops the start', () => {
  const roles = { 大厅窗口: 'operator', 主管: 'root' };
  const options = { clock: { now: () => 0 }, onError: () => undefined };
  expect(() => new OidcTokens({ ...config, roles }, options)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      problems: [expect.objectContaining({ pointer: '/tokens/oidc/roles/主管' })],
    }),
  );
});
