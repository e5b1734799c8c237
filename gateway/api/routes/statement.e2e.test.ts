import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprintOf, openFileKeyStore, rotateKey } from '#trust';
import { issueNext } from '../../keyring/next-statement.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { until } from '../../testing/live-region.ts';

const passphrase = 'a passphrase for tests';

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pin(nantong, uxin);
  await pin(uxin, nantong);
  await until('both links', async () => (await connected(nantong)) && (await connected(uxin)));
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

async function pin(here: ApiRegion, there: ApiRegion) {
  const { statement, fingerprint } = (await there.ask('GET', '/v1/statement')).json;
  return here.ask('POST', '/v1/peers', { body: { statement, fingerprint } });
}

const peerOf = async (region: ApiRegion) => (await region.ask('GET', '/v1/peers')).json.peers[0];
const connected = async (region: ApiRegion) => (await peerOf(region)).connected;
const reload = (region: ApiRegion, role: 'secadmin' | 'operator' = 'secadmin') =>
  region.ask('POST', '/v1/statement/reload', { role });

async function change({ live, folder }: ApiRegion, purpose: 'signing' | 'identity'): Promise<string> {
  const dir = join(folder, 'keys');
  const now = Date.now();
  const { kid } = await rotateKey(dir, { purpose, passphrase, now, overlapMs: 3_600_000 });
  const identity = await (await openFileKeyStore(dir, passphrase)).signer('identity');
  await issueNext(live.core.config, { identity, now, newIdentity: true });
  return kid;
}

test('a reload takes over what lies on disk, and tells when a peer knows of it', async () => {
  const kid = await change(nantong, 'signing');
  expect((await reload(nantong, 'operator')).status).toBe(403);
  expect(nantong.live.core.own.serial).toBe(1);
  expect(await reload(nantong)).toMatchObject({ status: 200, json: { region: '320600', serial: 2 } });
  expect(nantong.live.core.signer.kid).toBe(kid);
  await until('the peer to hold it', async () => (await peerOf(nantong)).heldSerial === 2);
  const { serial, keys } = (await nantong.ask('GET', '/v1/statement/keys', { role: 'auditor' })).json;
  expect(serial).toBe(2);
  expect(keys).toContainEqual({ key: kid, unknownTo: [] });
  expect(keys).toHaveLength(6);
});

test('a key is shown with the peers that do not know it yet', async () => {
  await uxin.live.wire.server.stop();
  await nantong.live.wire.dispatcher.link('150626')?.stop();
  const kid = await change(nantong, 'signing');
  const known = nantong.live.core.signer.kid;
  await uxin.live.wire.dispatcher.stop();
  await reload(nantong);
  const { keys } = (await nantong.ask('GET', '/v1/statement/keys')).json;
  expect(keys).toContainEqual({ key: kid, unknownTo: ['150626'] });
  expect(keys).toContainEqual({ key: known, unknownTo: [] });
  expect((await peerOf(nantong)).heldSerial).toBe(2);
});

test('what cannot be used is not taken over', async () => {
  const before = nantong.live.core.own;
  await rm(join(nantong.folder, 'statement.jwt'));
  expect(await reload(nantong)).toMatchObject({ status: 422, json: { code: 'STATEMENT_INVALID' } });
  expect(nantong.live.core.own).toBe(before);
});

test('another identity key is pinned by a security administrator who names fingerprint and reason, and stays on record', async () => {
  const before = uxin.live.core.own;
  await change(uxin, 'identity');
  await reload(uxin);
  const { statement, fingerprint } = (await uxin.ask('GET', '/v1/statement')).json;
  const repin = (body: object, role: 'secadmin' | 'operator' = 'secadmin') =>
    nantong.ask('POST', '/v1/peers/150626/repin', { role, body });
  const body = { statement, fingerprint, reason: '身份密钥遗失' };
  const counts = await nantong.counts();
  expect((await repin(body, 'operator')).status).toBe(403);
  expect(await repin({ ...body, reason: '' })).toMatchObject({
    status: 422,
    json: { errors: [{ pointer: '/reason' }] },
  });
  const wrong = await repin({ ...body, fingerprint: fingerprintOf(before.identity) });
  expect(wrong).toMatchObject({ status: 422, json: { code: 'FINGERPRINT_MISMATCH' } });
  expect((await nantong.ask('GET', '/v1/peers/150626/repin')).json).toEqual({ changes: [] });
  expect(await nantong.counts()).toEqual(counts);

  expect(await repin(body)).toMatchObject({ status: 200, json: { region: '150626', fingerprint, serial: 2 } });
  const { changes } = (await nantong.ask('GET', '/v1/peers/150626/repin', { role: 'auditor' })).json;
  expect(changes).toEqual([
    {
      from: fingerprintOf(before.identity),
      to: fingerprint,
      reason: '身份密钥遗失',
      by: expect.any(String),
      at: expect.any(Number),
    },
  ]);
  expect(await repin(body)).toMatchObject({ status: 409, json: { code: 'CONFLICT' } });
});
