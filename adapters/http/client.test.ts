import { createHash, createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodedError, Problem } from '#proto';
import { PlatformError } from '../adapter.ts';
import { NOW, testContext } from '../testing/context.ts';
import { temporaryFolder } from '../testing/folders.ts';
import { PlatformServer } from '../testing/platform-server.ts';
import { throwawayAuthority } from '../testing/throwaway-authority.ts';
import { PlatformClient } from './client.ts';
import { ClientTls } from './client-tls.ts';
import { below } from './place.ts';
import { proofRules } from './proof.ts';

const SECRET = 's3cret-of-the-hall-0123456789';
const { signal } = new AbortController();

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let platform: PlatformServer;
const clients: PlatformClient[] = [];
const servers: PlatformServer[] = [];
let now: number;
beforeEach(async () => {
  now = NOW;
  folder = await temporaryFolder();
  platform = await listen();
  await put('secret', `${SECRET}\n`);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.close();
  await folder.remove();
});

describe('an api key', () => {
  it.each([undefined, 'appkey'])('stands in the header %s, as it is in its file now', async (header) => {
    const client = await open({ type: 'api-key', secret_file: file('secret'), ...(header && { header }) });
    await ask(client);
    await put('secret', 'another-secret-of-the-hall');
    await ask(client);
    const name = header ?? 'x-api-key';
    expect(platform.requests.map(({ headers }) => headers[name])).toEqual([SECRET, 'another-secret-of-the-hall']);
  });

  it.each([
    ['', 'has fewer than 16 characters'],
    ['密钥密钥密钥密钥密钥密钥密钥密钥', 'must hold one line'],
    ['line one of two\r\nline two of two', 'must hold one line'],
    ['x'.repeat(5_000), 'has more than 4096 characters'],
  ])('must be one: %j', async (content, why) => {
    await put('secret', content);
    const opening = open({ type: 'api-key', secret_file: file('secret') });
    await expect(opening).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/auth/secret_file', message: expect.stringContaining(why) }],
    });
  });
});

describe('a signature of id, time and nonce', () => {
  const DIGESTS: Readonly<Record<string, (text: Buffer) => string>> = {
    'hmac-sha256': (text) => createHmac('sha256', SECRET).update(text).digest('hex'),
    'hmac-sm3': (text) => createHmac('sm3', SECRET).update(text).digest('hex'),
    sha256: (text) => createHash('sha256').update(text).update(SECRET).digest('hex'),
    sm3: (text) => createHash('sm3').update(text).update(SECRET).digest('hex'),
  };

  it.each(Object.keys(DIGESTS))('by %s stands in the query and is another one each time', async (digest) => {
    const client = await open({ type: 'signature', app_id: 'tongban', secret_file: file('secret'), digest });
    await ask(client, { path: '/a', query: { b: '1' } });
    await ask(client, { path: '/a', query: { b: '1' } });
    const [first, second] = platform.requests.map(({ path }) => new URL(path!, 'http://p').searchParams);
    const text = Buffer.from(`tongban${NOW}${first!.get('nonce')}`);
    expect(Object.fromEntries(first!)).toEqual({
      b: '1',
      appid: 'tongban',
      timestamp: String(NOW),
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      sign: DIGESTS[digest]!(text),
    });
    expect(second!.get('nonce')).not.toBe(first!.get('nonce'));
  });

  it('covers the body and stands in headers of other names, where the platform wants that', async () => {
    const names = { app: 'App-Key', sign: 'Signature' };
    const config = { type: 'signature', app_id: 'a', secret_file: file('secret'), place: 'header', names, body: true };
    const client = await open(config);
    await ask(client, { body: Buffer.from('{"n":1}') });
    const { headers, path } = platform.requests[0]!;
    const text = Buffer.from(`a${NOW}${headers['nonce']}{"n":1}`);
    expect([path, headers['app-key'], headers['signature']]).toEqual(['/', 'a', DIGESTS['hmac-sha256']!(text)]);
  });
});

describe('client credentials (OAuth 2.0)', () => {
  let endpoint: PlatformServer;
  let tokens: unknown[];
  beforeEach(async () => {
    tokens = [
      { access_token: 'one', expires_in: 100 },
      { access_token: 'two', expires_in: 100 },
    ];
    endpoint = await listen();
    endpoint.handler = (_, response) => response.end(JSON.stringify(tokens.shift() ?? {}));
  });
  const oauth = (more = {}) => ({
    type: 'oauth2',
    token_url: `http://${endpoint.host}/token`,
    client_id: 'tongban:1',
    secret_file: file('secret'),
    ...more,
  });

  it('asks once for a token, for all at once, and again shortly before it ends', async () => {
    const client = await open(oauth({ scope: 'cases write' }));
    await Promise.all([ask(client), ask(client), ask(client)]);
    now += 69_000;
    await ask(client);
    now += 2_000;
    await ask(client);
    expect(platform.requests.map(({ headers }) => headers.authorization)).toEqual([
      ...Array.from({ length: 4 }, () => 'Bearer one'),
      'Bearer two',
    ]);
    expect(endpoint.requests).toHaveLength(2);
    const { headers, body } = endpoint.requests[0]!;
    expect(Buffer.from(headers.authorization!.slice(6), 'base64').toString()).toBe(`tongban%3A1:${SECRET}`);
    expect(body.toString()).toBe('grant_type=client_credentials&scope=cases+write');
  });

  it('puts the secret into the body where the endpoint wants that', async () => {
    await ask(await open(oauth({ style: 'post' })));
    const { headers, body } = endpoint.requests[0]!;
    expect(headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'tongban:1',
      client_secret: SECRET,
    });
  });

  it('renews a token that is not believed, once', async () => {
    platform.handler = ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer one' ? 401 : 200).end();
    const client = await open(oauth());
    expect((await ask(client)).status).toBe(200);
    platform.handler = (_, response) => response.writeHead(401).end();
    tokens = [{ access_token: 'three' }, { access_token: 'four' }];
    expect((await ask(client)).status).toBe(401);
    expect(platform.requests.map(({ headers }) => headers.authorization?.slice(7))).toEqual([
      'one',
      'two',
      'two',
      'three',
    ]);
  });

  it.each<[string, PlatformServer['handler']]>([
    ['refuses', (_, response) => response.writeHead(400).end('{"error":"invalid_client"}')],
    ['leads elsewhere', (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()],
    ['speaks for people', (_, response) => response.end('<html>')],
    ['has no token', (_, response) => response.end('{"code":200}')],
    ['has a token that is no header', (_, response) => response.end('{"access_token":"a\\r\\nx-evil: 1"}')],
    ['has too much to say', (_, response) => response.end(JSON.stringify({ access_token: 'x'.repeat(100_000) }))],
    ['hangs up', (_, response) => response.socket?.destroy()],
  ])('an endpoint that %s: nothing is sent, it can go better later, and no secret is told', async (_, handler) => {
    endpoint.handler = handler;
    const error = await ask(await open(oauth())).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ retryable: true });
    expect((error as Error).message).not.toMatch(/s3cret|invalid_client|evil/);
    expect(platform.requests).toEqual([]);
  });

  it('whoever is told to stop does not wait for the token', async () => {
    endpoint.handler = () => {};
    const client = await open(oauth());
    const controller = new AbortController();
    const asking = client.send({ id: 'a', url: client.base }, controller.signal, 0);
    controller.abort();
    await expect(asking).rejects.toMatchObject({ retryable: true });
  });
});

it('frees the connection of a file that nobody read', async () => {
  const left = Promise.withResolvers<void>();
  platform.handler = (_, response) => {
    response.once('close', left.resolve).writeHead(200).write('x');
  };
  const client = await open({ type: 'none' });
  const opened = await client.openFile(new URL('/file', `http://${platform.host}`), signal);
  opened.destroy();
  await left.promise;
});

describe('TLS', () => {
  it('shows our certificate beside another proof, and believes only the authority in the settings', async () => {
    const [ours, other] = [await throwawayAuthority('hall'), await throwawayAuthority('other')];
    const server = await listen(new PlatformServer({ ...(await ours.issue('hall')), ca: ours.ca, requestCert: true }));
    const { cert, key } = await ours.issue('tongban');
    await put('client.pem', cert);
    await put('client.key', key);
    await put('ca.pem', ours.ca);
    await put('other.pem', other.ca);
    const pair = { certificate_file: file('client.pem'), key_file: file('client.key') };
    const auth = { type: 'api-key', secret_file: file('secret') };
    const to = (tls: unknown) => open(auth, { url: `https://${server.host}/`, tls });

    expect((await ask(await to({ ...pair, ca_file: file('ca.pem') }))).status).toBe(204);
    for (const ca of [{}, { ca_file: file('other.pem') }])
      await expect(ask(await to({ ...pair, ...ca }))).rejects.toMatchObject({ retryable: true });
    // A platform that demands a certificate hangs up on who has none.
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual([SECRET]);
    const demanding = await listen(
      new PlatformServer({ ...(await ours.issue('hall')), ca: ours.ca, requestCert: true, rejectUnauthorized: true }),
    );
    const url = `https://${demanding.host}/`;
    await expect(ask(await open(auth, { url, tls: { ca_file: file('ca.pem') } }))).rejects.toMatchObject({
      retryable: true,
    });
    expect((await ask(await open(auth, { url, tls: { ...pair, ca_file: file('ca.pem') } }))).status).toBe(204);
    expect(demanding.requests).toHaveLength(1);
  });

  it('shows and believes the same from the first requests on, however many there are at once', async () => {
    const authority = await throwawayAuthority('hall');
    const demands = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    const server = await listen(new PlatformServer({ ...(await authority.issue('hall')), ...demands }));
    const { cert, key } = await authority.issue('tongban');
    await put('client.pem', cert);
    await put('client.key', key);
    await put('ca.pem', authority.ca);
    const tls = { certificate_file: file('client.pem'), key_file: file('client.key'), ca_file: file('ca.pem') };
    const client = await open({ type: 'none' }, { url: `https://${server.host}/`, tls });
    const answers = await Promise.all([ask(client), ask(client), ask(client)]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
  });

  it('believes what it read at the beginning when the files are gone, and never the authorities of the system', async () => {
    const authority = await throwawayAuthority('hall');
    await put('ca.pem', authority.ca);
    const tls = new ClientTls({ ca_file: file('ca.pem') }, () => now);
    await expect(tls.files()).resolves.toEqual({ ca: authority.ca });
    await put('ca.pem', 'half of it');
    now += 61_000;
    await expect(tls.files()).resolves.toEqual({ ca: authority.ca });
    const never = new ClientTls({ ca_file: file('ca.pem') }, () => now);
    await expect(never.files()).rejects.toMatchObject({ retryable: true });
    await put('ca.pem', authority.ca);
    await expect(never.files()).resolves.toEqual({ ca: authority.ca });
  });

  it('takes a renewed certificate within a minute, and keeps the old one while the new files do not fit', async () => {
    const authority = await throwawayAuthority('hall');
    const demands = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    const server = await listen(new PlatformServer({ ...(await authority.issue('hall')), ...demands }));
    const [first, second] = [await authority.issue('one'), await authority.issue('two')];
    await put('client.pem', first.cert);
    await put('client.key', first.key);
    await put('ca.pem', authority.ca);
    const tls = { certificate_file: file('client.pem'), key_file: file('client.key'), ca_file: file('ca.pem') };
    const shown: string[] = [];
    server.handler = (_, response) => {
      shown.push((response.socket as import('node:tls').TLSSocket).getPeerCertificate().subject.CN as string);
      response.writeHead(204).end();
    };
    const client = await open({ type: 'none' }, { url: `https://${server.host}/`, tls });
    await ask(client);
    await put('client.pem', second.cert);
    now += 61_000;
    await ask(client);
    await put('client.key', second.key);
    now += 61_000;
    await ask(client);
    expect(shown).toEqual(['one', 'one', 'two']);
  });

  it.each<[Record<string, string>, string]>([
    [{ certificate_file: 'client.pem', key_file: 'other.key' }, '/tls'],
    [{ ca_file: 'nothing.pem' }, '/tls/ca_file'],
    [{ ca_file: 'secret', certificate_file: 'client.pem', key_file: 'secret' }, '/tls'],
  ])('needs files that fit: %j', async (names, pointer) => {
    const authority = await throwawayAuthority('hall');
    await put('client.pem', (await authority.issue('a')).cert);
    await put('other.key', (await authority.issue('b')).key);
    const tls = Object.fromEntries(Object.entries(names).map(([name, path]) => [name, file(path)]));
    const error = await open({ type: 'none' }, { tls }).catch((reason: CodedError) => reason);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', problems: [{ pointer, code: 'FILE' }] });
  });
});

it('a path leads below the URL of the platform and nowhere else', () => {
  const base = new URL('https://hall.example.gov.cn/api/?v=1');
  expect(below(base, '/cases/办件 1', { a: ['x', 2], b: null, v: true })?.href).toBe(
    'https://hall.example.gov.cn/api/cases/%E5%8A%9E%E4%BB%B6%201?a=x&a=2&v=true',
  );
  expect(below(base, undefined)?.href).toBe(base.href);
  for (const path of [
    'cases',
    '',
    '//evil.example/x',
    '/../x',
    '/a/..',
    '/a/%2e%2E/b',
    '/a\\b',
    '/a?b',
    '/a#b',
    '/a\n',
  ])
    expect(below(base, path), path).toBeUndefined();
});

it.each<[unknown, string]>([
  [{ type: 'magic' }, '/type'],
  [{}, '/type'],
  [undefined, ''],
  [{ type: 'oauth2', token_url: 'ftp://x', client_id: 'a', secret_file: '/s' }, '/token_url'],
  [{ type: 'signature', app_id: 'a b', secret_file: '/s' }, '/app_id'],
  [{ type: 'signature', app_id: 'a', secret_file: '/s', digest: 'md5' }, '/digest'],
  [{ type: 'api-key', secret_file: '/s', header: 'X y' }, '/header'],
])('the proof %j is none: %s', (value, pointer) => {
  const problems: Problem[] = [];
  proofRules(value, '', problems);
  expect(problems.map((one) => one.pointer)).toContain(pointer);
});

async function listen(server = new PlatformServer()): Promise<PlatformServer> {
  servers.push(server);
  return server.listen();
}

async function open(auth: unknown, more: Readonly<Record<string, unknown>> = {}): Promise<PlatformClient> {
  const config = { url: `http://${platform.host}/`, auth, timeout_ms: 5_000, ...more };
  const client = await PlatformClient.open(config as never, { ...testContext(), now: () => now });
  clients.push(client);
  return client;
}

function ask(client: PlatformClient, more: { path?: string; query?: Record<string, string>; body?: Buffer } = {}) {
  const url = below(client.base, more.path, more.query)!;
  return client.send({ id: 'a', url, ...(more.body && { body: more.body }) }, signal, 0);
}

function put(name: string, content: string): Promise<void> {
  return writeFile(file(name), content);
}

function file(name: string): string {
  return join(folder.path, name);
}
