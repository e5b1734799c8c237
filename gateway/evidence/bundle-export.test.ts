import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cosignCheckpoint, verifyBundle } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { revoking } from '../../trust/testing/witnessed-case.ts';
import { type Receiver, receiver } from '../testing/receiver.ts';
import { pinEachOther, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { fly, land, settle } from '../testing/sender.ts';
import { exportBundle } from './bundle-export.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const OTHER = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

const made: Record<string, ThrowawayRegion> = {};
let folder: string;
let nantong: TestGateway;
let uxin: TestGateway;
let door: Receiver;

beforeAll(async () => {
  for (const code of ['320600', '150626']) made[code] = await throwawayRegion(code, { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-bundle-'));
  nantong = await testGateway(made['320600']!, folder, testClock(NOW));
  uxin = await testGateway(made['150626']!, folder, testClock(NOW));
  await pinEachOther(nantong, uxin);
  door = receiver(uxin);
});

afterEach(async () => {
  await Promise.all([nantong.close(), uxin.close()]);
  await rm(folder, { recursive: true });
});

describe('the evidence bundle of a conversation', () => {
  async function bundleOf(side: TestGateway): Promise<string> {
    return exportBundle(CASE, {
      region: side.region,
      read: side.store.read,
      log: side.log,
      signer: side.own.signing,
      now: () => side.clock.now(),
      statementOf: (region) => side.peers.lastStatementOf(region),
      authorizationOf: async () => undefined,
    });
  }

  const verify = (text: string) =>
    verifyBundle(text, [made['320600']!.statement, made['150626']!.statement], { now: NOW });

  it('is proved offline on both sides, rejections included, and leaves out what has no verdict', async () => {
    const flight = await fly(nantong, '150626', CASE, 2);
    const answer = await land(flight, nantong, door);
    await settle(nantong, uxin.own.statement, flight, answer);
    await fly(nantong, '150626', CASE, 1);
    for (const side of [nantong, uxin]) {
      const report = await verify(await bundleOf(side));
      expect(report.faults).toEqual([]);
      expect(report).toMatchObject({ verified: true, exportedBy: side.region, envelopes: 2, receipts: 2 });
    }
  });

  it('has no proof of another conversation', async () => {
    const flight = await fly(nantong, '150626', OTHER, 1);
    await settle(nantong, uxin.own.statement, flight, await land(flight, nantong, door));
    await expect(bundleOf(nantong)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('seals receipts anew whose seal was lost in a crash', async () => {
    const flight = await fly(nantong, '150626', CASE, 2);
    await land(flight, nantong, door);
    await uxin.store.write((tx) =>
      tx.run("UPDATE sealed_group SET signed_root = '', leaves = x'' WHERE id IN (SELECT receipt_group_id FROM inbox)"),
    );
    const report = await verify(await bundleOf(uxin));
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ verified: true, receipts: 2 });
  });

  it('carries the oldest states that others saw of the log, for each entry', async () => {
    const third = await throwawayRegion('350500', { now: NOW });
    const cosign = async (by: ThrowawayRegion, at: number) => {
      const { checkpoint: note, size } = nantong.log;
      const line = await cosignCheckpoint(by.log, by.region, note, at);
      await nantong.store.write((tx) =>
        tx.run('INSERT INTO cosignature VALUES (?, 1, ?, ?, ?, ?, ?)', by.region, size, note, line, at, at),
      );
      return { note, line };
    };
    const send = async () => {
      const flight = await fly(nantong, '150626', CASE, 1);
      await settle(nantong, uxin.own.statement, flight, await land(flight, nantong, door));
      await nantong.log.integrate();
    };
    await send();
    const first = await cosign(uxin.own, NOW + 1000);
    const firstByThird = await cosign(third, NOW + 2000);
    await send();
    const second = await cosign(uxin.own, NOW + 3000);
    await fly(nantong, '150626', OTHER, 1);
    await nantong.log.integrate();
    await cosign(uxin.own, NOW + 4000);
    const text = await bundleOf(nantong);
    const { witnessed } = JSON.parse(text) as { witnessed: { checkpoint: string }[] };
    expect(witnessed.map(({ checkpoint }) => checkpoint)).toEqual([
      first.note + first.line + firstByThird.line,
      second.note + second.line,
    ]);
    const revoked = await revoking(uxin.own, ['signing'], NOW + 5000);
    const given = [nantong.own.statement, revoked, third.statement];
    expect((await verifyBundle(text, given)).faults).toEqual([]);
    const tooLate = [nantong.own.statement, await revoking(uxin.own, ['signing'], NOW + 2500), third.statement];
    expect((await verifyBundle(text, tooLate)).faults.map(({ where, code }) => `${where} ${code}`)).toEqual([
      'envelopes/1/receipt KEY_REVOKED',
    ]);
  });

  it('says so when a stored seal is missing', async () => {
    const flight = await fly(nantong, '150626', CASE, 1);
    await settle(nantong, uxin.own.statement, flight, await land(flight, nantong, door));
    await nantong.store.write((tx) => tx.run('DELETE FROM sealed_group'));
    await expect(bundleOf(nantong)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });
});
