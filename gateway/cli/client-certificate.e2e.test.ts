import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_NOW, testSigner } from '../../trust/testing/index.ts';
import type { TestApi } from '../api/testing/api.ts';
import { ApiTls } from '../api/tls/api-tls.ts';
import { readApiKey } from '../api/token.ts';
import { type Address, localUrl } from '../config/address.ts';
import { loadConfig } from '../config/config.ts';
import { writeRunFile } from '../config/run-file.ts';
import { apiOf } from '../testing/api-region.ts';
import { type LiveRegion, makeRegionFolder, openLiveRegion, removeFolders } from '../testing/live-region.ts';
import { runHere } from './testing/run-here.ts';

type Signer = ReturnType<typeof testSigner>;

const ec = { kind: 'ec' } as const;
const people = testSigner('管理员的认证机构', { ...ec, ca: true });
const strangers = testSigner('别的认证机构', { ...ec, ca: true });
const server = testSigner('api', ec);
const zhang = testSigner('zhang', { ...ec, issuer: people });
const li = testSigner('li', { ...ec, issuer: people });
const expired = testSigner('wang', { ...ec, issuer: people, notAfter: TEST_NOW - 1000 });
const foreign = testSigner('zhao', { ...ec, issuer: strangers });

let folder: string;
let files: string;
let live: LiveRegion;
let api: TestApi;
let at: Address;
/** Long-lived tokens, which prove nobody. */
const tokens: Record<string, string> = {};

beforeAll(async () => {
  folder = await makeRegionFolder('320600');
  files = await mkdtemp(join(tmpdir(), 'tongban-certificates-'));
  for (const [name, { pem, keyPem }] of Object.entries({ server, people, zhang, li, expired, foreign })) {
    await writeFile(join(files, `${name}.pem`), pem);
    await writeFile(join(files, `${name}.key`), keyPem, { mode: 0o600 });
  }
  const section = `http:\n  tls:\n    certificate_file: ${files}/server.pem\n    key_file: ${files}/server.key\n    client_ca_file: ${files}/people.pem\n`;
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, `${(await readFile(config, 'utf8')).replace(/^http:\n( .*\n)*/m, '')}\n${section}`);
  live = await openLiveRegion(folder);
  const { clock, log } = live.core;
  const tls = await ApiTls.open({ config: (await loadConfig(config)).http.tls!, clock, log });
  const { administrators: duties, audit } = live.services;
  const ofTokens = { secret: await readApiKey(join(folder, 'keys')), ...live.core.config.tokens };
  api = await apiOf(live, { duties, audit, tokens: ofTokens, clock, tls });
  at = await api.listen({ host: '127.0.0.1', port: 0 });
  const http = localUrl(at, true);
  await writeRunFile(folder, { pid: process.pid, http, peer: '127.0.0.1:1', startedAt: Date.now() });
});

afterAll(async () => {
  await api?.close(0);
  await live?.services.audit.stop();
  await live?.stop();
  await removeFolders(folder, files);
});

/** Runs a command as somebody: with a token, and a client certificate on its connection. */
async function tongban(args: readonly string[], token?: string, certificate?: string) {
  const said = await runHere([...args, '--gateway', folder, '--json'], '', {
    ...(token !== undefined && { TONGBAN_TOKEN: token }),
    ...(certificate && {
      TONGBAN_CLIENT_CERTIFICATE: join(files, `${certificate}.pem`),
      TONGBAN_CLIENT_KEY: join(files, `${certificate}.key`),
    }),
  });
  return { code: said.code, json: JSON.parse(said.stdout) };
}

/** Asks the API on a connection that shows this certificate. */
async function ask(method: string, path: string, token: string, signer?: Signer, body?: unknown) {
  const asked = request({
    ...{ host: at.host, port: at.port, path, method, agent: false },
    ...{ ca: server.pem, allowPartialTrustChain: true, checkServerIdentity: () => undefined },
    ...(signer && { cert: signer.pem, key: signer.keyPem }),
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
  }).end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await once(asked, 'response');
  // biome-ignore lint/suspicious/noExplicitAny: whatever came
  return { status: answer.statusCode as number, json: (await json(answer).catch(() => undefined)) as any };
}

const sessions = async () =>
  (await live.core.store.read.all<{ subject: string }>('SELECT subject FROM administrator_session')).length;

describe('an administrator with a client certificate', () => {
  it('is enrolled with it, and has codes only if he is to have them', async () => {
    const enrol = ['administrator', 'enrol', 'zhang', '--role', 'secadmin', '--certificate', join(files, 'zhang.pem')];
    const made = await tongban([...enrol, '--no-otp']);
    expect(made.code).toBe(0);
    expect(Object.keys(made.json).toSorted()).toEqual(['administrator', 'token']);
    const fingerprint = new X509Certificate(zhang.pem).fingerprint256.replaceAll(':', '').toLowerCase();
    expect(made.json.administrator).toMatchObject({ subject: 'zhang', certificate: fingerprint });
    expect(made.json.administrator).not.toHaveProperty('algorithm');
    tokens['zhang'] = made.json.token;
    const both = await tongban([
      ...['administrator', 'enrol', 'li', '--role', 'sysadmin', '--certificate', join(files, 'li.pem')],
    ]);
    expect(Object.keys(both.json).toSorted()).toEqual(['administrator', 'secret', 'token', 'uri']);
    tokens['li'] = both.json.token;
  });

  it.each([
    ['that another one has', ['--certificate', 'zhang.pem'], 'CONFLICT'],
    ['that has expired', ['--certificate', 'expired.pem'], 'VALIDATION_FAILED'],
    ['that is none', ['--certificate', 'zhang.key'], 'VALIDATION_FAILED'],
    ['but without any, nor codes', ['--no-otp'], 'VALIDATION_FAILED'],
  ])('is not enrolled with one %s', async (_what, options, code) => {
    const named = options.map((option) => (option.startsWith('--') ? option : join(files, option)));
    const said = await tongban(['administrator', 'enrol', 'qian', '--role', 'auditor', ...named]);
    expect(said.json.error.code).toBe(code);
    expect((await live.services.administrators.list()).map(({ subject }) => subject)).toEqual(['li', 'zhang']);
  });

  it.each([
    ['none', undefined, 'SECOND_FACTOR_REQUIRED'],
    ['the one of another administrator', li, 'SECOND_FACTOR_WRONG'],
    ['one of another authority', foreign, 'SECOND_FACTOR_REQUIRED'],
    ['one that has expired', expired, 'SECOND_FACTOR_REQUIRED'],
  ])('opens no session with %s', async (_what, signer, code) => {
    const before = await sessions();
    const said = await ask('POST', '/v1/sessions', tokens['zhang']!, signer, {});
    expect(said).toMatchObject({ status: 403, json: { code } });
    expect(await sessions()).toBe(before);
    expect(await live.services.administrators.vacant(['secadmin'])).toEqual(['secadmin']);
  });

  it('opens none with a code that nobody gave him, nor with the token of somebody else', async () => {
    const wrong = await ask('POST', '/v1/sessions', tokens['zhang']!, zhang, { code: '123456' });
    expect(wrong.json.code).toBe('SECOND_FACTOR_WRONG');
    const other = await ask('POST', '/v1/sessions', tokens['li']!, zhang, {});
    expect(other.json.code).toBe('SECOND_FACTOR_WRONG');
    expect(await sessions()).toBe(0);
  });

  it('opens one with his own, acts in it, and its token is worth nothing without the certificate', async () => {
    const opened = await tongban(['session', 'open', '--certificate'], tokens['zhang'], 'zhang');
    expect(opened).toMatchObject({ code: 0, json: { amr: ['pop'] } });
    const { token } = opened.json;
    expect(await live.services.administrators.vacant(['secadmin'])).toEqual([]);
    for (const thief of [undefined, li, foreign, expired]) {
      const said = await ask('DELETE', '/v1/administrators/li', token, thief);
      expect(said).toMatchObject({ status: 401, json: { code: 'UNAUTHORIZED' } });
      expect(await ask('GET', '/v1/administrators', token, thief)).toMatchObject({ status: 401 });
    }
    expect(await live.services.administrators.list()).toHaveLength(2);
    // The token that proves nobody is no way around it.
    expect((await ask('DELETE', '/v1/administrators/li', tokens['zhang']!, zhang)).json.code).toBe(
      'SECOND_FACTOR_REQUIRED',
    );
    expect((await tongban(['administrator', 'remove', 'li'], token, 'zhang')).code).toBe(0);
    expect((await live.services.administrators.list()).map(({ subject }) => subject)).toEqual(['zhang']);
    expect((await tongban(['session', 'close'], token, 'zhang')).code).toBe(0);
    expect(await ask('GET', '/v1/administrators', token, zhang)).toMatchObject({ status: 401 });
  });

  it('is in the audit record with his factor', async () => {
    const records = await live.core.store.read.all<{ record: string }>(
      "SELECT record FROM audit_entry WHERE route = 'DELETE /v1/administrators/:subject' ORDER BY position DESC LIMIT 1",
    );
    expect(JSON.parse(records[0]!.record)).toMatchObject({ factor: 'certificate', target: 'li', outcome: 'done' });
  });
});

describe('the command line', () => {
  it('speaks to the certificate of the config alone', async () => {
    await writeFile(join(files, 'server.pem'), people.pem);
    try {
      const said = await tongban(['administrator', 'list'], tokens['zhang']);
      expect(said).toMatchObject({ code: 3, json: { error: { code: 'GATEWAY_UNREACHABLE' } } });
    } finally {
      await writeFile(join(files, 'server.pem'), server.pem);
    }
    expect((await tongban(['administrator', 'list'], tokens['zhang'])).code).toBe(0);
  });

  it('says that a certificate needs its key', async () => {
    const said = await runHere(['administrator', 'list', '--gateway', folder, '--json'], '', {
      TONGBAN_CLIENT_CERTIFICATE: join(files, 'zhang.pem'),
    });
    expect(JSON.parse(said.stdout).error.code).toBe('VALIDATION_FAILED');
  });
});
