import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJws } from '#trust';
import { opensslContainer, withoutOpenssl } from '../../../trust/testing/pkcs12-containers.ts';
import { ReferenceSigner } from '../../../trust/testing/reference-signer/reference-signer.ts';
import { SqliteConnection } from '../../store/sqlite/sqlite-connection.ts';
import {
  call,
  discard,
  type GatewayProcess,
  joinRegions,
  kill,
  restart,
  runTongban,
  startRegion,
  tongban,
} from '../../testing/gateway-process.ts';
import { until } from '../../testing/live-region.ts';

const noOpenssl = withoutOpenssl();
/** A test that is skipped says why. */
const why = noOpenssl === undefined ? '' : `: ${noOpenssl}`;

let nantong: GatewayProcess;
let uxin: GatewayProcess;
let server: ReferenceSigner;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([startRegion('320600', '南通市'), startRegion('150626', '乌审旗')]);
  await joinRegions(nantong, uxin);
  server = await ReferenceSigner.start({ token: 'a-token' });
  server.addKey('sign-1', 'ES256');
  server.addKey('sign-sm2', 'SM2-SM3');
});

afterAll(async () => {
  await Promise.all([nantong, uxin].filter(Boolean).map(discard));
  await server?.close();
});

const passphraseFile = () => join(nantong.folder, '..', 'passphrase');
const options = () => ['--gateway', nantong.folder, '--passphrase-file', passphraseFile()];
const adopt = (...args: string[]) => tongban<{ kid: string }>('key', 'adopt', ...args, ...options());
const index = () => readFile(join(nantong.folder, 'keys', 'keys.json'), 'utf8');

/** Sends a test envelope and waits for its receipt. @returns the key that sealed it */
async function pingSealedBy(): Promise<unknown> {
  const { state, id } = await tongban<{ state: string; id: string }>(
    'peer',
    'ping',
    '150626',
    '--wait',
    '--gateway',
    nantong.folder,
  );
  expect(state).toBe('accepted');
  const store = new SqliteConnection(join(nantong.folder, 'gateway.db'), { readOnly: true });
  const row = await store
    .get<{ signed_root: string }>(
      'SELECT signed_root FROM sealed_group JOIN outbox ON sealed_group.id = outbox.group_id WHERE outbox.id = ?',
      id,
    )
    .finally(() => store.close());
  return readJws(row!.signed_root).header['kid'];
}

describe('tongban key adopt', { timeout: 60_000 }, () => {
  it.skipIf(noOpenssl)(`uses a signing key of a PKCS#12 container, in the running gateway${why}`, async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const container = join(nantong.folder, 'from-the-authority.p12');
    await writeFile(container, opensslContainer(privateKey, { passphrase: 'of the container' }), { mode: 0o600 });
    const passphrase = join(nantong.folder, 'container-passphrase');
    await writeFile(passphrase, 'of the container\n', { mode: 0o600 });
    const { kid } = await adopt('signing', '--pkcs12', container, '--container-passphrase-file', passphrase);
    expect(await pingSealedBy()).toBe(kid);
  });

  it('uses a key of a signature server after a restart with its configuration', async () => {
    await writeFile(join(nantong.folder, 'server-ca.pem'), server.authority);
    await writeFile(join(nantong.folder, 'server-token'), 'a-token\n', { mode: 0o600 });
    const file = join(nantong.folder, 'gateway.yaml');
    const entry = `{ name: sdf, url: "${server.url}", ca_file: server-ca.pem, token_file: server-token }`;
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^keys:$/m, `keys:\n  signers: [${entry}]`));
    await kill(nantong);
    await restart(nantong);
    await until('the link', async () => {
      const { peers } = await call<{ peers: { connected: boolean }[] }>(nantong, 'GET', '/v1/peers');
      return peers[0]!.connected;
    });
    const { kid } = await adopt('signing', '--server', 'sdf', '--key', 'sign-1');
    expect(await pingSealedBy()).toBe(kid);
    expect(server.requests).toContain('POST /v1/keys/sign-1/signatures');
  });

  it.each([
    ['a key of another suite', 'CONFLICT', () => ['signing', '--server', 'sdf', '--key', 'sign-sm2']],
    ['a key that the server does not have', 'KEY_MISSING', () => ['signing', '--server', 'sdf', '--key', 'none']],
    ['a server that is not configured', 'CONFIG_INVALID', () => ['signing', '--server', 'other', '--key', 'sign-1']],
    ['the same key twice', 'CONFLICT', () => ['signing', '--server', 'sdf', '--key', 'sign-1']],
    [
      'a TLS key that would have to leave its server',
      'CONFIG_INVALID',
      () => ['tls', '--server', 'sdf', '--key', 'sign-1'],
    ],
    ['nothing', 'VALIDATION_FAILED', () => ['signing']],
    ['two places', 'VALIDATION_FAILED', () => ['signing', '--server', 'sdf', '--key', 'sign-1', '--pkcs12', 'a.p12']],
    ['half a token', 'VALIDATION_FAILED', () => ['signing', '--module', '/usr/lib/x.so', '--token', 'a']],
  ])('refuses %s, and the list of keys stays as it was', async (_, code, args) => {
    const before = await index();
    const { stdout, code: exit } = await runTongban('key', 'adopt', ...args(), ...options(), '--json');
    expect(JSON.parse(stdout).error.code).toBe(code);
    expect(exit).not.toBe(0);
    expect(await index()).toBe(before);
  });

  it.skipIf(noOpenssl)(`uses an RSA key of the authority for TLS${why}`, async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const container = join(nantong.folder, 'tls.p12');
    const passphrase = await readFile(passphraseFile(), 'utf8');
    await writeFile(container, opensslContainer(privateKey, { passphrase: passphrase.trim() }), { mode: 0o600 });
    await adopt('tls', '--pkcs12', container);
    await kill(nantong);
    await restart(nantong);
    await until('the link', async () => {
      const { peers } = await call<{ peers: { connected: boolean }[] }>(nantong, 'GET', '/v1/peers');
      return peers[0]!.connected;
    });
    await pingSealedBy();
    const names = (await index()).match(/"purpose": "tls"/g);
    expect(names).toHaveLength(2);
  });
});
