import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decode } from '#proto';
import { throwawayRegion } from '../../trust/testing/index.ts';
import { DataVault } from '../at-rest/data-vault.ts';
import { atRestOf, storageKey } from '../at-rest/testing/open-vault.ts';
import { receiver } from '../testing/receiver.ts';
import { pinEachOther, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { fly, land, settle } from '../testing/sender.ts';
import { giveBack } from './give-back.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const PEER = '150626';
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

let folder: string;
let nantong: TestGateway;
let uxin: TestGateway;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-give-back-'));
  const vault = new DataVault();
  nantong = await testGateway(await throwawayRegion('320600', { now: NOW }), folder, testClock(NOW), vault);
  await atRestOf(nantong.store, vault, { keys: () => [storageKey('only')] }).open();
  uxin = await testGateway(await throwawayRegion(PEER, { now: NOW }), folder, testClock(NOW));
  await pinEachOther(nantong, uxin);
});

afterEach(async () => {
  await Promise.all([nantong.close(), uxin.close()]);
  await rm(folder, { recursive: true });
});

async function exchange(from: TestGateway, to: TestGateway, pings: number): Promise<void> {
  const flight = await fly(from, to.region, CASE, pings);
  await settle(from, to.own.statement, flight, await land(flight, from, receiver(to)));
}

/** What is given back, as `sender sequence`, and whether it has its content. */
async function givenBack(): Promise<string[]> {
  const given: string[] = [];
  const sealReceipt = async () => expect.fail('every receipt has its seal');
  for await (const frame of giveBack(PEER, 0, { read: nantong.store.read, sealReceipt, pushFiles: async () => {} })) {
    const { exchanged, end } = frame as { exchanged?: { header: Buffer; payload?: Buffer }; end?: { count: number } };
    if (end) given.push(`${end.count} in all`);
    if (!exchanged) continue;
    const { sender, sequence } = decode('EnvelopeHeader', exchanged.header);
    given.push(`${sender} ${sequence} ${exchanged.payload ? 'whole' : 'erased'}`);
  }
  return given;
}

it('gives back as erased what does not open, and everything else whole', async () => {
  await exchange(nantong, uxin, 3);
  await exchange(uxin, nantong, 3);
  const theirs = [1, 2, 3].map((n) => `${PEER} ${n} whole`);
  const ours = [1, 2, 3].map((n) => `320600 ${n} whole`);
  expect(await givenBack()).toEqual([...theirs, ...ours, '6 in all']);

  // Each opens in its own row alone.
  await nantong.store.write(async (tx) => {
    await tx.run('UPDATE inbox SET payload = (SELECT payload FROM inbox WHERE sequence = 1) WHERE sequence = 2');
    await tx.run('UPDATE outbox SET salt = (SELECT salt FROM outbox WHERE sequence = 3) WHERE sequence = 1');
  });
  theirs[1] = `${PEER} 2 erased`;
  ours[0] = '320600 1 erased';
  expect(await givenBack()).toEqual([...theirs, ...ours, '6 in all']);
});
