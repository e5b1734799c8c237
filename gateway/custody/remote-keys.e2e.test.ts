import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { adoptKey, issueOwnStatement, openFileKeyStore, readJws, type SuiteName, verifyStatement } from '#trust';
import { ReferenceSigner } from '../../trust/testing/reference-signer/reference-signer.ts';
import { loadConfig, statementFile } from '../config/config.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  TEST_PASSPHRASE,
  until,
} from '../testing/live-region.ts';
import { openSignatureServers } from './signature-servers.ts';

const NANTONG = '320600';
const UXIN = '150626';
const PURPOSES = ['signing', 'log', 'certificate', 'seal'] as const;

const open: LiveRegion[] = [];
const folders: string[] = [];
const signers: ReferenceSigner[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((live) => live.stop()));
  await Promise.all(signers.splice(0).map((signer) => signer.close()));
  await removeFolders(...folders.splice(0));
});

async function live(folder: string): Promise<LiveRegion> {
  const opened = await openLiveRegion(folder);
  open.push(opened);
  return opened;
}

async function folderOf(code: string, suite: SuiteName): Promise<string> {
  const folder = await makeRegionFolder(code, { suite });
  folders.push(folder);
  return folder;
}

/** A region whose keys, but for identity and TLS, live in a signature server. */
async function remoteRegion(code: string, suite: SuiteName): Promise<{ folder: string; server: ReferenceSigner }> {
  const folder = await folderOf(code, suite);
  const server = await ReferenceSigner.start({ token: 'a-token' });
  signers.push(server);
  for (const purpose of PURPOSES) server.addKey(purpose, purpose === 'log' && suite !== 'SM2-SM3' ? 'Ed25519' : suite);
  await writeFile(join(folder, 'server-ca.pem'), server.authority);
  await writeFile(join(folder, 'server-token'), 'a-token\n', { mode: 0o600 });
  const file = join(folder, 'gateway.yaml');
  const entry = `{ name: sdf, url: "${server.url}", ca_file: server-ca.pem, token_file: server-token, timeout_ms: 500 }`;
  await writeFile(
    file,
    `${(await readFile(file, 'utf8')).replace(/^keys:.*\n(?: .*\n)*/m, '')}keys: { signers: [${entry}] }\n`,
  );
  const now = Date.now();
  const clock = { now: () => now };
  const config = await loadConfig(file);
  const options = { passphrase: TEST_PASSPHRASE, clock, random: Math.random };
  const { servers, close } = openSignatureServers(config.keys.signers, options);
  const reach = { servers, environment: {} };
  for (const purpose of PURPOSES) {
    const custody = { kind: 'remote', signer: 'sdf', key: purpose } as const;
    await adoptKey(join(folder, 'keys'), { purpose, custody, reach, passphrase: TEST_PASSPHRASE, now, overlapMs: 0 });
  }
  const keys = await openFileKeyStore(join(folder, 'keys'), TEST_PASSPHRASE, reach);
  const { name, endpoint, expiresAt } = await verifyStatement((await readFile(statementFile(folder), 'utf8')).trim());
  const content = { region: code, name, serial: 2, endpoint, expiresAt, issuedAt: now };
  await writeFile(statementFile(folder), await issueOwnStatement(keys, content));
  close();
  return { folder, server };
}

async function ping(from: LiveRegion, to: string): Promise<void> {
  const envelope = { peer: to, conversation: from.core.newId(), name: 'Ping', payload: { note: '' } } as const;
  await from.core.store.write((tx) => from.core.outbox.enqueue(tx, envelope));
}

const settled = (from: LiveRegion, to: string) =>
  until(`${to} has answered everything`, () => from.core.outbox.pending(to) === 0, 30_000);

describe.each<SuiteName>(['SM2-SM3', 'ES256'])('a region whose %s keys live in a signature server', (suite) => {
  it('exchanges both ways, and its log is sound', async () => {
    const { folder, server } = await remoteRegion(NANTONG, suite);
    const [nantong, uxin] = [await live(folder), await live(await folderOf(UXIN, 'ES256'))];
    await pinEachOther(nantong, uxin);
    for (let count = 0; count < 5; count += 1) {
      await ping(nantong, UXIN);
      await ping(uxin, NANTONG);
    }
    await settled(nantong, UXIN);
    await settled(uxin, NANTONG);
    const roots = await nantong.core.store.read.all<{ signed_root: string }>(
      'SELECT signed_root FROM sealed_group WHERE id IN (SELECT group_id FROM outbox)',
    );
    const kid = nantong.core.own.keys.findLast(({ purpose }) => purpose === 'signing')!.kid;
    expect(new Set(roots.map(({ signed_root }) => readJws(signed_root).header['kid']))).toEqual(new Set([kid]));
    expect(server.requests.filter((line) => line.startsWith('POST')).length).toBeGreaterThan(0);
    await nantong.core.evidence.integrate();
    expect((await verifyLog(nantong.core.store.read, nantong.core.own)).faults).toEqual([]);
  });

  it('loses nothing while the server is slow, fails or is away, and goes on when it is back', async () => {
    const { folder, server } = await remoteRegion(NANTONG, suite);
    const [nantong, uxin] = [await live(folder), await live(await folderOf(UXIN, 'ES256'))];
    await pinEachOther(nantong, uxin);
    await ping(nantong, UXIN);
    await settled(nantong, UXIN);
    server.failNext(3);
    await ping(nantong, UXIN);
    await settled(nantong, UXIN);
    server.mischief = 'hang';
    for (let count = 0; count < 3; count += 1) {
      await ping(nantong, UXIN);
      await ping(uxin, NANTONG);
    }
    const asked = server.requests.length;
    await until('the gateway asked in vain', () => server.requests.length > asked + 2);
    expect(nantong.core.outbox.pending(UXIN)).toBe(3);
    expect(await uxin.core.store.read.all("SELECT id FROM outbox WHERE state <> 'pending'")).toEqual([]);
    server.mischief = undefined;
    await settled(nantong, UXIN);
    await settled(uxin, NANTONG);
    for (const side of [nantong, uxin]) {
      expect(await side.core.store.read.all("SELECT code FROM outbox WHERE state <> 'accepted'")).toEqual([]);
    }
    expect(await uxin.core.store.read.all('SELECT id FROM inbox')).toHaveLength(5);
  });

  it('sends nothing that the server signed wrongly', async () => {
    const { folder, server } = await remoteRegion(NANTONG, suite);
    const [nantong, uxin] = [await live(folder), await live(await folderOf(UXIN, 'ES256'))];
    await pinEachOther(nantong, uxin);
    await until('the link', () => nantong.wire.dispatcher.link(UXIN)?.connected === true);
    server.mischief = 'wrong';
    await ping(nantong, UXIN);
    const asked = server.requests.length;
    await until('the gateway asked', () => server.requests.length > asked + 1);
    expect(await uxin.core.store.read.all('SELECT id FROM inbox')).toEqual([]);
    expect(nantong.core.outbox.pending(UXIN)).toBe(1);
    server.mischief = undefined;
    await settled(nantong, UXIN);
    expect(await uxin.core.store.read.all('SELECT code FROM inbox')).toEqual([{ code: '' }]);
  });
});
