import { afterEach, expect, it } from 'vitest';
import { fingerprintOf, openFileKeyStore, rotateKey } from '#trust';
import { issueNext } from '../keyring/next-statement.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../testing/live-region.ts';

const passphrase = 'a passphrase for tests';
const WHY = { reason: '身份密钥所在介质损坏', by: 'cli' };

const regions: LiveRegion[] = [];

async function region(code: string): Promise<LiveRegion> {
  const live = await openLiveRegion(await makeRegionFolder(code));
  regions.push(live);
  return live;
}

afterEach(async () => {
  const folders = regions.map(({ folder }) => folder);
  await Promise.all(regions.splice(0).map((live) => live.stop()));
  await removeFolders(...folders);
});

/** Sends a test envelope. @returns whether it has its receipt */
async function ping(from: LiveRegion, to: LiveRegion): Promise<() => Promise<boolean>> {
  const { core } = from;
  const envelope = { peer: to.region, conversation: core.newId(), name: 'Ping', payload: { note: '' } } as const;
  const { id } = await core.store.write((tx) => core.outbox.enqueue(tx, envelope));
  return async () => {
    const row = await core.store.read.get<{ state: string }>('SELECT state FROM outbox WHERE id = ?', id);
    return row?.state === 'accepted';
  };
}

/** What an operator does whose identity key is lost: a new one signs, and for good measure all keys are new. */
async function loseIdentity({ core }: LiveRegion): Promise<void> {
  const dir = core.config.keys.directory;
  const now = Date.now();
  for (const purpose of ['identity', 'signing', 'tls'] as const)
    await rotateKey(dir, { purpose, passphrase, now, overlapMs: 60_000 });
  const identity = await (await openFileKeyStore(dir, passphrase)).signer('identity');
  await issueNext(core.config, { identity, now, newIdentity: true });
  await core.keyring.reload();
}

it('lets messages flow again after a region lost its identity key and its peers compared the new fingerprint', async () => {
  const [nantong, uxin] = [await region('320600'), await region('150626')];
  await pinEachOther(nantong, uxin);
  await until('a first ping', await ping(nantong, uxin));
  await until('one back', await ping(uxin, nantong));
  const before = nantong.core.own;
  await loseIdentity(nantong);
  const { identity, jwt, serial } = nantong.core.own;
  expect(serial).toBe(2);

  // The peer believes no statement of another identity, and so nothing that the new key seals.
  const arrived = await ping(nantong, uxin);
  await until('a refusal', async () => (await refusals(uxin, 'KEY_UNKNOWN')) > 0);
  expect(await arrived()).toBe(false);
  expect(uxin.core.peers.get('320600')?.digest).toEqual(before.digest);

  const wrong = uxin.core.peers.repin('320600', jwt, fingerprintOf(before.identity), WHY);
  await expect(wrong).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' });
  expect(uxin.core.peers.get('320600')?.digest).toEqual(before.digest);
  expect(await arrived()).toBe(false);

  await uxin.core.peers.repin('320600', jwt, fingerprintOf(identity), WHY);
  await until('what was refused to be accepted', arrived, 40_000);
  await until('a ping back', await ping(uxin, nantong));
  await until('the peer to say what it holds', () => nantong.core.keyring.heldBy('150626') === 2);
  const statements = await uxin.core.store.read.all(
    "SELECT serial FROM known_statement WHERE region = '320600' ORDER BY serial",
  );
  expect(statements).toEqual([{ serial: 1 }, { serial: 2 }]);
});

it('ends the calls that the old identity was let in by, and dials anew', async () => {
  const [nantong, uxin] = [await region('320600'), await region('150626')];
  await pinEachOther(nantong, uxin);
  const linked = () => [nantong, uxin].every(({ wire }) => wire.dispatcher.link(other(wire))?.connected);
  const other = (wire: LiveRegion['wire']) => (wire === nantong.wire ? '150626' : '320600');
  await until('both links', linked);
  const dialled = uxin.wire.dispatcher.link('320600');
  await loseIdentity(nantong);
  const before = await refusals(uxin, 'PEER_UNKNOWN');
  const { identity, jwt } = nantong.core.own;
  await uxin.core.peers.repin('320600', jwt, fingerprintOf(identity), WHY);
  expect(await refusals(uxin, 'PEER_UNKNOWN')).toBe(before + 1);
  expect(uxin.wire.dispatcher.link('320600')).not.toBe(dialled);
  await until('both links again', linked);
});

/** How often a region refused an envelope or a call with a code. */
async function refusals({ core }: LiveRegion, code: string): Promise<number> {
  const text = await core.metrics.text();
  return Number(new RegExp(`tongban_refusals_total\\{code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}
