import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '#trust';
import { verifyLog } from './evidence/verify-log.ts';
import { storedAlarms } from './evidence/witness/log-alarms.ts';
import { testPostgres } from './store/testing/test-postgres.ts';
import { agreementDraft, authorize, FOOD_LICENCE, NO_MATERIALS } from './testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from './testing/live-region.ts';
import { type LosableStore, losablePostgres, losableSqlite } from './testing/losable-store.ts';
import { type TestClock, testClock } from './testing/region-pair.ts';
import { SharedCase } from './testing/shared-case.ts';

/** The region that loses its disk, and its peer. */
const [LOST, PEER] = ['320600', '150626'] as const;

let clock: TestClock;
let copies: string;
let disk: LosableStore;
let folders: string[];
let lost: LiveRegion;
let peer: LiveRegion;

async function openOn(losable: (copies: string) => Promise<LosableStore>): Promise<void> {
  clock = testClock(Date.now());
  copies = await mkdtemp(join(tmpdir(), 'tongban-restore-'));
  disk = await losable(copies);
  folders = [await makeRegionFolder(LOST, { now: clock.at }), await makeRegionFolder(PEER, { now: clock.at })];
  lost = await disk.open(folders[0]!, clock);
  peer = await openLiveRegion(folders[1]!, clock);
  await pinEachOther(lost, peer);
  await authorize(lost, peer, clock.at);
}

async function closed(): Promise<void> {
  await Promise.all([lost?.stop(), peer?.stop()]);
  await disk?.close();
  await removeFolders(copies, ...folders);
}

async function ping({ core }: LiveRegion, to: LiveRegion, conversation: string = randomUUIDv7()): Promise<void> {
  const envelope = { peer: to.region, conversation, name: 'Ping', payload: { note: 'x' } } as const;
  await core.store.write((tx) => core.outbox.enqueue(tx, envelope));
}

async function settled(...regions: LiveRegion[]): Promise<void> {
  for (const { core } of regions)
    await until(
      'everything has its receipt',
      async () => {
        // What was deferred meanwhile is due again only when time goes on.
        clock.at += 10;
        const row = await core.store.read.get<{ n: number }>(
          "SELECT count(*) AS n FROM outbox WHERE state = 'pending'",
        );
        return row!.n === 0;
      },
      60_000,
    );
  await Promise.all(regions.map(({ core }) => core.evidence.integrate()));
}

/** A minute later checkpoints find their way beside pings. */
async function minutes(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    clock.at += 60_000;
    for (let turn = 0; turn < 3; turn += 1) {
      await ping(lost, peer);
      await ping(peer, lost);
      await settled(lost, peer);
    }
  }
}

/** Every receipt that a region gave or got, by envelope. */
async function receiptsOf({ core }: LiveRegion): Promise<Map<string, string>> {
  const rows = await core.store.read.all<{ id: string; receipt: Buffer }>(
    "SELECT id, receipt FROM inbox UNION ALL SELECT id, receipt FROM outbox WHERE state IN ('accepted', 'rejected')",
  );
  return new Map(rows.map(({ id, receipt }) => [id, receipt.toString('hex')]));
}

/** What a region decided, by envelope. */
async function inboxOf({ core }: LiveRegion): Promise<string[]> {
  return (await core.store.read.all<{ id: string }>('SELECT id FROM inbox ORDER BY id')).map(({ id }) => id);
}

/** Streams that a region refused because its database was put back. */
async function refusalsOf({ core }: LiveRegion): Promise<number> {
  const counted = /tongban_refusals_total\{code="STORE_PUT_BACK"\} (\d+)/.exec(await core.metrics.text());
  return Number(counted?.[1] ?? 0);
}

const heldByPeer = async () =>
  (await peer.core.store.read.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', LOST))!.note;

const alarmsOf = async ({ core }: LiveRegion) =>
  (await storedAlarms(core.store.read)).map(({ kind, region, via }) => `${kind} ${region} ${via}`);

/** Numbers that a region gave twice to its peer in one conversation. */
async function numbersGivenTwice(receiver: LiveRegion): Promise<number> {
  const row = await receiver.core.store.read.get<{ n: number }>(
    `SELECT count(*) AS n FROM (SELECT conversation, sequence FROM inbox GROUP BY conversation, sequence HAVING count(*) > 1) AS twice`,
  );
  return row!.n;
}

async function expectSoundLogs(): Promise<void> {
  for (const { core } of [lost, peer]) {
    await core.evidence.integrate();
    expect((await verifyLog(core.store.read, core.own)).faults).toEqual([]);
  }
}

const reopened = () => disk.open(lost.folder, clock);

const server = await testPostgres();
const STORES: [string, (copies: string) => Promise<LosableStore>][] = [['SQLite', losableSqlite]];
if ('missing' in server) it.skip(`on PostgreSQL too: ${server.missing}`);
else STORES.push(['PostgreSQL', losablePostgres]);

describe.each(STORES)('on %s', (_, losable) => {
  beforeAll(() => openOn(losable));
  afterAll(closed);

  describe('a gateway whose disk was lost', () => {
    const talk = randomUUIDv7();
    let before: Map<string, string>;
    let open: SharedCase;
    let later: SharedCase;
    let cited: string;

    it('is backed up while it works, and works on', async () => {
      open = await SharedCase.open({ receiving: lost, handling: peer }, NO_MATERIALS);
      await open.takenIn();
      await ping(lost, peer, talk);
      await minutes(2);
      const traffic = Promise.all(Array.from({ length: 50 }, () => ping(lost, peer)));
      await disk.backUp(lost, clock.at);
      await traffic;

      // All that follows is lost.
      await peer.services.cases.act(open.key, 'accept', {
        handler: { organisation: '乌审旗', window: '', staff: 'U1' },
      });
      await open.are('accepted');
      later = await SharedCase.open({ receiving: lost, handling: peer }, FOOD_LICENCE);
      await later.handIn('营业执照', 'licence');
      await later.handIn('食品经营许可申请书', 'application');
      for (const { digest } of (await later.at('receiving')).document.materials)
        await lost.services.cases.checkOriginal(later.key, digest, {
          organisation: '南通',
          window: '1',
          staff: 'N1',
        });
      await later.takenIn();
      const year = new Date(clock.at).getUTCFullYear();
      await lost.services.authorizations.propose(
        agreementDraft(LOST, PEER, {
          valid_from: `${year}-01-01T00:00:00+08:00`,
          valid_until: `${year + 1}-12-31T00:00:00+08:00`,
        }),
      );
      await ping(lost, peer, talk);
      await ping(peer, lost, talk);
      await minutes(3);
      await settled(lost, peer);
      before = await receiptsOf(lost);
      cited = await heldByPeer();
      await lost.stop();
    });

    it('gets back everything that was exchanged since the backup, with the receipts that were given', async () => {
      await disk.restore(lost, clock.at);
      lost = await reopened();
      const { recovery } = lost.wire;
      await until('the peer gave back', async () => (await recovery.overview()).peers[0]?.state === 'done', 60_000);
      const after = await receiptsOf(lost);
      for (const [id, receipt] of before) expect(after.get(id)).toBe(receipt);
      const [view] = (await recovery.overview()).peers;
      expect(view).toMatchObject({ region: PEER, code: '' });
      expect(view!.own).toBeGreaterThan(5);
      expect(view!.theirs).toBeGreaterThan(5);
    });

    it('began an epoch that cites what the peer holds, and is no forger to it', async () => {
      expect(lost.core.evidence.epoch).toBe(2);
      const opening = await lost.core.store.read.get<{ text: string }>('SELECT text FROM log_opening');
      const claims = JSON.parse(Buffer.from(opening!.text.split('.')[1]!, 'base64url').toString()) as { cites: string };
      expect(claims.cites).toBe(cited);
      await minutes(2);
      expect(await alarmsOf(peer)).toEqual([`restored ${LOST} ${LOST}`]);
      expect(await alarmsOf(lost)).toEqual([]);
      expect(parseCheckpoint(await heldByPeer()).epoch).toBe(2);
      await expectSoundLogs();
    });

    it('has its cases as they were', async () => {
      const sides = { receiving: lost, handling: peer };
      for (const [one, state] of [
        [open, 'accepted'],
        [later, 'transferred'],
      ] as const) {
        const file = await sides.receiving.services.cases.demand(one.key);
        const other = await sides.handling.services.cases.demand(one.key);
        expect([file.state, other.state, file.pending]).toEqual([state, state, undefined]);
      }
    });

    it('holds what its messages do not tell whole until somebody has looked', async () => {
      const { recovery } = lost.wire;
      const { held, heldCount } = await recovery.overview();
      expect(heldCount).toBe(1);
      const [{ conversation } = { conversation: '' }] = held;
      expect(held).toMatchObject([{ peer: PEER, reason: 'own-act', type: 'AuthorizationProposal' }]);
      await expect(ping(lost, peer, conversation)).rejects.toMatchObject({ code: 'CONVERSATION_HELD' });
      await recovery.release(conversation, { by: 'wang', reason: '已重新拟稿' });
      await ping(lost, peer, conversation);
      await settled(lost, peer);
      const [last] = await peer.core.store.read.all<{ sequence: number; code: string }>(
        'SELECT sequence, code FROM inbox WHERE conversation = ? ORDER BY sequence DESC',
        conversation,
      );
      expect(last).toEqual({ sequence: 2, code: '' });
    });

    it('never gives a number again, and goes on in old conversations and new ones', async () => {
      await ping(lost, peer, talk);
      await ping(peer, lost, talk);
      await ping(lost, peer);
      await settled(lost, peer);
      const sent = await peer.core.store.read.all<{ sequence: number; code: string }>(
        'SELECT sequence, code FROM inbox WHERE conversation = ? ORDER BY sequence',
        talk,
      );
      expect(sent).toEqual([1, 2, 3].map((sequence) => ({ sequence, code: '' })));
      expect([await numbersGivenTwice(peer), await numbersGivenTwice(lost)]).toEqual([0, 0]);
    });
  });

  describe('a database that was put back in silence', () => {
    it('is noticed by its own gateway before anything is sent, which then exchanges nothing until it is declared', async () => {
      await lost.stop();
      await disk.keep(lost);
      lost = await reopened();
      await minutes(2);
      await lost.stop();
      await disk.putBack(lost);
      const sentBefore = await receiptsOf(peer);

      lost = await reopened();
      await until('it is noticed', () => lost.core.gate.isPutBack);
      await expect(ping(lost, peer)).rejects.toMatchObject({ code: 'STORE_PUT_BACK' });
      const refused = await refusalsOf(lost);
      const inboxBefore = await inboxOf(lost);
      await ping(peer, lost);
      await until(
        'the peer that has something to send was refused',
        async () => (await refusalsOf(lost)) > refused,
        60_000,
      );
      expect(await inboxOf(lost)).toEqual(inboxBefore);
      const [waiting] = await peer.core.store.read.all<{ state: string }>(
        'SELECT state FROM outbox ORDER BY position DESC LIMIT 1',
      );
      expect(waiting).toEqual({ state: 'pending' });
      expect(new Set((await receiptsOf(peer)).keys())).toEqual(new Set(sentBefore.keys()));
      expect((await lost.wire.recovery.overview()).recovery).toMatchObject({ state: 'put-back' });

      await lost.stop();
      lost = await reopened();
      expect(lost.core.gate.isPutBack).toBe(true);
    });

    it('is whole again after it was declared', async () => {
      await lost.stop();
      await disk.declare(lost, clock.at);
      lost = await reopened();
      await until('the peer gave back', async () => !lost.core.gate.closedFor(PEER), 60_000);
      await ping(lost, peer);
      await settled(lost, peer);
      await minutes(2);
      expect(lost.core.evidence.epoch).toBe(3);
      expect([await numbersGivenTwice(peer), await numbersGivenTwice(lost)]).toEqual([0, 0]);
      await expectSoundLogs();
    });
  });
});
