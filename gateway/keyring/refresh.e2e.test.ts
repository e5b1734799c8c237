import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { moveIdentityKey, openFileKeyStore, rotateKey } from '#trust';
import { createApiKey } from '../api/token.ts';
import { loadConfig, statementFile } from '../config/config.ts';
import { startGateway } from '../node.ts';
import { createLog } from '../telemetry/log.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';
import { issueNext } from './next-statement.ts';
import { StatementRefresh } from './refresh.ts';

const DAY = 24 * 60 * 60 * 1000;
const passphrase = 'a passphrase for tests';

const regions: LiveRegion[] = [];
const folders: string[] = [];

/** A folder whose statement has so many days left. */
async function folderWith(code: string, daysLeft: number): Promise<string> {
  const folder = await makeRegionFolder(code, { now: Date.now() - (365 - daysLeft) * DAY });
  folders.push(folder);
  return folder;
}

async function region(code: string, daysLeft: number, clock = { now: Date.now }): Promise<LiveRegion> {
  const live = await openLiveRegion(await folderWith(code, daysLeft), clock);
  regions.push(live);
  return live;
}

afterEach(async () => {
  await Promise.all(regions.splice(0).map((live) => live.stop()));
  await removeFolders(...folders.splice(0));
});

const onDisk = ({ folder }: LiveRegion) => readFile(statementFile(folder), 'utf8');

describe('a statement that comes to its end', () => {
  it('is issued again when the gateway starts', async () => {
    const folder = await folderWith('320600', 25);
    await createApiKey(join(folder, 'keys'));
    const config = await loadConfig(join(folder, 'gateway.yaml'));
    const log = { level: 'error' as const, file: join(folder, 'gateway.log') };
    const gateway = await startGateway({ config: { ...config, log }, passphrase });
    try {
      const live = await readFile(statementFile(folder), 'utf8');
      const claims = JSON.parse(Buffer.from(live.split('.')[1]!, 'base64url').toString());
      expect(claims.metadata.tongban_gateway.serial).toBe(2);
      expect(claims.exp * 1000 - Date.now()).toBeGreaterThan(364 * DAY);
    } finally {
      await gateway.stop();
    }
  });

  it('is issued again thirty days before its end and no sooner, and reaches the peers by itself', async () => {
    const time = { at: Date.now(), now: () => time.at };
    const [nantong, uxin] = [await region('320600', 40, time), await region('150626', 365, time)];
    await pinEachOther(nantong, uxin);
    await until('the link', () => nantong.wire.dispatcher.link('150626')!.connected);
    const { expiresAt } = nantong.core.own;
    time.at = expiresAt - 30 * DAY - 1;
    expect(await nantong.core.refresh.look()).toBe(false);
    expect(nantong.core.own.serial).toBe(1);
    time.at += 1;
    expect(await nantong.core.refresh.look()).toBe(true);
    expect(nantong.core.own).toMatchObject({ serial: 2, expiresAt: Math.floor((time.at + 365 * DAY) / 1000) * 1000 });
    expect((await onDisk(nantong)).trim()).toBe(nantong.core.own.jwt);
    await until('the peer to hold it', () => uxin.core.peers.get('320600')?.serial === 2);
    await until('the peer to say so', () => nantong.core.keyring.heldBy('150626') === 2);
    expect(await nantong.core.refresh.look()).toBe(false);
  });

  it('stays as it is while the identity key is away, and is issued again once the key is back', async () => {
    const nantong = await region('320600', 10);
    const before = await onDisk(nantong);
    const keys = join(nantong.folder, 'keys');
    const moved = await moveIdentityKey(keys, join(nantong.folder, '..', `safe-${Date.now()}`), passphrase);
    folders.push(join(moved, '..'));
    expect(await nantong.core.refresh.look()).toBe(false);
    expect(await onDisk(nantong)).toBe(before);
    await rename(moved, join(keys, moved.split('/').at(-1)!));
    expect(await nantong.core.refresh.look()).toBe(true);
  });

  it('tells of no key that an operator has not announced', async () => {
    const nantong = await region('320600', 10);
    const now = Date.now();
    const made = await rotateKey(join(nantong.folder, 'keys'), { purpose: 'signing', passphrase, now, overlapMs: DAY });
    expect(await nantong.core.refresh.look()).toBe(true);
    expect(nantong.core.own.keys.map(({ kid }) => kid)).not.toContain(made.kid);
    expect(nantong.core.signer.kid).not.toBe(made.kid);
  });

  it('is taken from the folder when an operator was faster', async () => {
    const nantong = await region('320600', 10);
    const identity = await (await openFileKeyStore(join(nantong.folder, 'keys'), passphrase)).signer('identity');
    await issueNext(nantong.core.config, { identity, now: Date.now() });
    expect(await nantong.core.refresh.look()).toBe(false);
    expect(nantong.core.own.serial).toBe(2);
  });

  it('is tried again after a failure, which the log tells', async () => {
    const nantong = await region('320600', 10);
    const lines: Record<string, unknown>[] = [];
    const log = createLog(
      { level: 'info', region: '320600', clock: nantong.core.clock },
      { write: (line) => void lines.push(JSON.parse(line)) },
    );
    const openKeys = () => openFileKeyStore(join(nantong.folder, 'keys'), passphrase);
    const refresh = new StatementRefresh({ ...nantong.core, log, openKeys });
    const lock = `${statementFile(nantong.folder)}.lock`;
    await (await open(lock, 'wx')).close();
    expect(await refresh.look()).toBe(false);
    expect(nantong.core.own.serial).toBe(1);
    expect(lines).toMatchObject([{ level: 'error', err: { code: 'CONFLICT' } }]);
    await rm(lock);
    expect(await refresh.look()).toBe(true);
    expect(nantong.core.own.serial).toBe(2);
    expect(lines.slice(1)).toMatchObject([{ level: 'info', serial: 2 }]);
  });
});
