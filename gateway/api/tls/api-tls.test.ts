import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, json } from 'node:stream/consumers';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TEST_NOW, testSigner } from '../../../trust/testing/index.ts';
import type { Address } from '../../config/address.ts';
import { createLog } from '../../telemetry/log.ts';
import { startTestApi, type TestApi } from '../testing/api.ts';
import { ApiTls } from './api-tls.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ec = { kind: 'ec' } as const;
const authority = testSigner('网关的认证机构', { ...ec, ca: true });
const people = testSigner('管理员的认证机构', { ...ec, ca: true });
const strangers = testSigner('别的认证机构', { ...ec, ca: true });
const server = testSigner('api', { ...ec, issuer: authority });
const renewed = testSigner('api', { ...ec, issuer: authority });
const zhang = testSigner('zhang', { ...ec, issuer: people });
const brief = testSigner('brief', { ...ec, issuer: people, notAfter: TEST_NOW + DAY_MS });

const clock = { time: TEST_NOW, now: () => clock.time };
const warned: string[] = [];
const log = createLog({ level: 'warn', region: '320600', clock }, { write: (line) => void warned.push(line) });

let folder: string;
let config: { certificateFile: string; keyFile: string; clientCaFile: string };
let tls: ApiTls;
let api: TestApi;
let at: Address;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-api-tls-'));
  config = {
    certificateFile: join(folder, 'api.pem'),
    keyFile: join(folder, 'api.key'),
    clientCaFile: join(folder, 'clients.pem'),
  };
  await write();
  tls = await ApiTls.open({ config, clock, log });
  api = await startTestApi({
    tls,
    access: { 'GET /who': 'open' },
    routes: [
      (app) =>
        app.get('/who', async ({ raw, ip, protocol }) => {
          return { shown: tls.shownBy(raw.socket)?.toString('hex') ?? 'nothing', ip, protocol };
        }),
    ],
  });
  at = await api.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await api?.close(0);
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  clock.time = TEST_NOW;
  warned.length = 0;
  await write();
  await tls.look();
});

async function write({ certificate = server, key = server.keyPem, clients = people.pem, mode = 0o600 } = {}) {
  await writeFile(config.certificateFile, certificate.pem);
  await writeFile(config.keyFile, key);
  await chmod(config.keyFile, mode);
  await writeFile(config.clientCaFile, clients);
}

const trusting = (options: ConnectionOptions = {}): ConnectionOptions => {
  return { host: at.host, port: at.port, ca: authority.pem, checkServerIdentity: () => undefined, ...options };
};
const as = ({ pem, keyPem }: { pem: string; keyPem: string }) => ({ cert: pem, key: keyPem });

/** What a server says to whom it sees. */
async function ask(options: ConnectionOptions = {}): Promise<{ shown: string; ip: string; protocol: string }> {
  const [answer] = await once(request({ ...trusting(options), path: '/who', agent: false }).end(), 'response');
  return (await json(answer)) as { shown: string; ip: string; protocol: string };
}

function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

describe('TLS of the API', () => {
  it('is 1.2 or 1.3, with forward secrecy, and asks nobody in vain: callers without a certificate are served', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await ask({ minVersion: version, maxVersion: version })).toEqual({
        shown: 'nothing',
        ip: '127.0.0.1',
        protocol: 'https',
      });
  });

  it.each([
    ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    ['a suite without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
    ['a suite without authenticated encryption', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }],
  ] as const)('refuses %s', async (_what, options) => {
    await expect(ask(options)).rejects.toThrow();
  });

  it('takes no plain HTTP', async () => {
    const socket = connectTcp(at);
    socket.write('GET /who HTTP/1.1\r\nhost: x\r\n\r\n');
    const said = await buffer(socket).catch(() => Buffer.alloc(0));
    expect(said.toString('latin1')).not.toContain('HTTP/1.1');
  });

  it('resumes no session: who comes again is looked at again', async () => {
    const first = connect(trusting({ ...as(zhang), maxVersion: 'TLSv1.2' }));
    await once(first, 'secureConnect');
    const session = first.getSession();
    first.destroy();
    const again = connect(trusting({ ...as(zhang), maxVersion: 'TLSv1.2', ...(session && { session }) }));
    await once(again, 'secureConnect');
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  });
});

describe('a client certificate', () => {
  it('counts when our authorities issued it, and is told apart by its fingerprint', async () => {
    expect((await ask(as(zhang))).shown).toBe(fingerprint(zhang.pem));
    expect((await ask(as(brief))).shown).toBe(fingerprint(brief.pem));
  });

  it.each([
    ['of another authority', testSigner('zhang', { ...ec, issuer: strangers })],
    ['that its holder made', testSigner('zhang', ec)],
    [
      'of an authority that only has the same name',
      testSigner('zhang', { ...ec, issuer: { ...people, privateKey: strangers.privateKey } }),
    ],
    ['that has expired', testSigner('zhang', { ...ec, issuer: people, notAfter: TEST_NOW - DAY_MS })],
    ['that is not valid yet', testSigner('zhang', { ...ec, issuer: people, notBefore: TEST_NOW + DAY_MS })],
  ])('%s counts for nothing', async (_what, signer) => {
    expect((await ask(as(signer))).shown).toBe('nothing');
  });

  it('cannot be shown without its key', async () => {
    await expect(ask({ cert: zhang.pem, key: brief.keyPem })).rejects.toThrow();
  });

  it('counts no longer on an open connection than in its own time', async () => {
    const socket = connect(trusting(as(brief)));
    const say = async () => {
      socket.write('GET /who HTTP/1.1\r\nhost: x\r\n\r\n');
      const [answer] = await once(socket, 'data');
      return String(answer);
    };
    expect(await say()).toContain(fingerprint(brief.pem));
    clock.time = TEST_NOW + 2 * DAY_MS;
    expect(await say()).toContain('nothing');
    socket.destroy();
  });
});

describe('the files', () => {
  it('are followed without a restart: the certificate, and whose client certificates count', async () => {
    const shownBy = async () => {
      const socket = connect(trusting());
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return raw;
    };
    const open = connect(trusting(as(zhang)));
    await once(open, 'secureConnect');
    await write({ certificate: renewed, key: renewed.keyPem, clients: strangers.pem });
    await tls.look();
    expect(await shownBy()).toEqual(renewed.der);
    expect((await ask(as(zhang))).shown).toBe('nothing');
    // A connection from before has to come again.
    open.write('GET /who HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(String((await once(open, 'data'))[0])).toContain('nothing');
    open.destroy();
  });

  it('that cannot be used change nothing, and the log says so', async () => {
    await write({ certificate: renewed });
    await tls.look();
    expect(warned.join('')).toContain('goes on with the old ones');
    expect((await ask(as(zhang))).shown).toBe(fingerprint(zhang.pem));
  });

  it('of the key is to be closed to others', async () => {
    await write({ mode: 0o640 });
    await ApiTls.open({ config, clock, log });
    expect(warned.join('')).toContain('chmod 600');
  });

  it.each([
    ['key_file', { key: zhang.keyPem }],
    ['key_file', { key: 'no key' }],
    ['certificate_file', { certificate: { ...server, pem: 'no certificate' } }],
    ['client_ca_file', { clients: zhang.pem }],
    ['client_ca_file', { clients: '' }],
  ])('that do not fit stop the start, naming %s', async (setting, changes) => {
    await write(changes);
    await expect(ApiTls.open({ config, clock, log })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: `/http/tls/${setting}` }],
    });
  });

  it('that are not there stop the start', async () => {
    const missing = { ...config, keyFile: join(folder, 'nowhere') };
    await expect(ApiTls.open({ config: missing, clock, log })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
