import { randomUUIDv7 } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueOwnStatement, openFileKeyStore, parseCheckpoint, verifyCheckpoint, verifyCosignature } from '#trust';
import { freePort } from '../../proto/testing/free-port.ts';
import { statementFile } from '../config/config.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  TEST_PASSPHRASE,
  until,
} from '../testing/live-region.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { publishLog } from './published/publish-log.ts';
import { verifyPublished } from './published/verify-published.ts';
import { verifyLog } from './verify-log.ts';
import { heldNotes } from './verify-log-witnesses.ts';
import { storedAlarms } from './witness/log-alarms.ts';
import { witnessOverview } from './witness/overview.ts';

/** Real gateways with real streams; the log of one of them is exchanged behind its back. */
const [OWNER, PEER, THIRD] = ['320600', '150626', '350500'] as const;
const MINUTE = 60_000;

let clock: TestClock;
let folders: string[];
let copies: string;
let running: LiveRegion[];

beforeEach(async () => {
  clock = testClock(Date.now());
  copies = await mkdtemp(join(tmpdir(), 'tongban-fork-'));
  [folders, running] = [[], []];
});

afterEach(async () => {
  await Promise.all(running.map((region) => region.stop()));
  await removeFolders(copies, ...folders);
});

async function made(code: string): Promise<string> {
  const folder = await makeRegionFolder(code, { now: clock.at });
  folders.push(folder);
  return folder;
}

async function opened(folder: string): Promise<LiveRegion> {
  const region = await openLiveRegion(folder, clock);
  running.push(region);
  return region;
}

async function stopped(region: LiveRegion): Promise<void> {
  running.splice(running.indexOf(region), 1);
  await region.stop();
}

/** Sends pings and waits for their receipts, and for the log to have taken them. */
async function ping({ core }: LiveRegion, to: LiveRegion, count = 1): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const envelope = {
      peer: to.region,
      conversation: randomUUIDv7(),
      name: 'Ping',
      payload: { note: `${n}` },
    } as const;
    await core.store.write((tx) => core.outbox.enqueue(tx, envelope));
  }
  await until('every ping has its receipt', () => core.outbox.pending(to.region) === 0, 30_000);
  await Promise.all([core.evidence.integrate(), to.core.evidence.integrate()]);
}

/** Some minutes of traffic between regions, in which checkpoints find their way. */
async function minutes(count: number, ...pairs: readonly (readonly [LiveRegion, LiveRegion])[]): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    clock.at += MINUTE;
    for (const [a, b] of pairs) {
      // A frame is prepared when it is due, and goes out beside the next envelope.
      for (let turn = 0; turn < 3; turn += 1) {
        await ping(a, b);
        await ping(b, a);
      }
    }
  }
}

const heldBy = async ({ core }: LiveRegion, region = OWNER as string) =>
  (await core.store.read.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', region))?.note;
const alarmsOf = async ({ core }: LiveRegion) =>
  (await storedAlarms(core.store.read)).map(({ kind, region, via }) => `${kind} ${region} ${via}`);

async function copyStore(folder: string, name: string): Promise<void> {
  await cp(join(folder, 'gateway.db'), join(copies, name));
}

async function restoreStore(name: string, folder: string): Promise<void> {
  for (const end of ['', '-wal', '-shm']) await rm(join(folder, `gateway.db${end}`), { force: true });
  await cp(join(copies, name), join(folder, 'gateway.db'));
}

describe('a peer whose store was replaced', () => {
  let folder: string;
  let peer: LiveRegion;

  /** The owner's log grows and is witnessed; then it runs on an early copy of its store. @returns the good state */
  async function replacedByEarlyCopy(): Promise<string> {
    folder = await made(OWNER);
    let owner = await opened(folder);
    peer = await opened(await made(PEER));
    await pinEachOther(owner, peer);
    await minutes(2, [owner, peer]);
    await stopped(owner);
    await copyStore(folder, 'early.db');
    owner = await opened(folder);
    await minutes(3, [owner, peer]);
    await stopped(owner);
    expect(await alarmsOf(peer)).toEqual([]);
    await restoreStore('early.db', folder);
    return (await heldBy(peer))!;
  }

  /** The owner notices by itself, and nothing of what it forgot is contradicted. */
  async function expectNoticed(owner: LiveRegion, kind: string, good: string): Promise<void> {
    await until('it is noticed', () => owner.core.gate.isPutBack, 60_000);
    expect(await alarmsOf(owner)).toEqual([`${kind} ${OWNER} ${PEER}`]);
    const [alarm] = await storedAlarms(owner.core.store.read);
    for (const note of [alarm!.held, alarm!.shown]) verifyCheckpoint(note, owner.core.own);
    expect(await owner.core.metrics.text()).toMatch(
      new RegExp(`tongban_log_alarms_total\\{region="320600",kind="${kind}"\\} [1-9]`),
    );
    expect(await heldBy(peer)).toBe(good);
    expect(await alarmsOf(peer)).toEqual([]);
    const overview = await witnessOverview(peer.core.store.read, [OWNER]);
    const { epoch, size } = parseCheckpoint(good);
    expect(overview.witnesses[0]).toMatchObject({ region: OWNER, seen: { epoch, size } });
  }

  it('by a shorter copy: its owner is alarmed before it shows anything, and the good state stays', async () => {
    const good = await replacedByEarlyCopy();
    await expectNoticed(await opened(folder), 'shortened', good);
  });

  it('by a copy that was written on until it was larger', async () => {
    const good = await replacedByEarlyCopy();
    await stopped(peer);
    let owner = await opened(folder);
    const wanted = parseCheckpoint(good).size + 20;
    while (owner.core.evidence.size < wanted) {
      const envelope = { peer: PEER, conversation: randomUUIDv7(), name: 'Ping', payload: { note: 'x' } } as const;
      await owner.core.store.write((tx) => owner.core.outbox.enqueue(tx, envelope));
      await owner.core.evidence.integrate();
    }
    await stopped(owner);
    peer = await opened(folders[1]!);
    owner = await opened(folder);
    await expectNoticed(owner, 'rewritten', good);
  });
});

describe('three regions whose logs are honest', () => {
  it('countersign each other, compare, and find nothing; everything verifies from the databases afterwards', async () => {
    const all = [await opened(await made(OWNER)), await opened(await made(PEER)), await opened(await made(THIRD))];
    const [owner, peer, third] = all as [LiveRegion, LiveRegion, LiveRegion];
    await pinEachOther(owner, peer);
    await pinEachOther(owner, third);
    await pinEachOther(peer, third);
    await minutes(4, [owner, peer], [third, owner], [peer, third]);
    for (const region of all) {
      expect(await alarmsOf(region)).toEqual([]);
      const others = all.filter((one) => one !== region);
      const { witnesses } = await witnessOverview(
        region.core.store.read,
        others.map((one) => one.region),
      );
      for (const view of witnesses) expect(Object.values(view)).not.toContain(undefined);
      const report = await verifyLog(region.core.store.read, region.core.own);
      expect(report.faults).toEqual([]);
      expect(report.cosignatures).toBeGreaterThan(2);
      expect(report.peerStates).toBeGreaterThan(2);
    }
    const rows = await owner.core.store.read.all<{ witness: string; note: string; line: string }>(
      'SELECT witness, note, line FROM cosignature',
    );
    const statements = new Map(all.map(({ region, core }) => [region, core.own]));
    for (const { witness, note, line } of rows) verifyCosignature(note, line, statements.get(witness)!);
  });
});

describe('a region that shows two peers different logs', () => {
  let owners: [LiveRegion, LiveRegion];
  let peer: LiveRegion;
  let third: LiveRegion;

  /** The same region twice, with the same keys and two logs: one gateway for each peer. */
  beforeEach(async () => {
    const first = await made(OWNER);
    const second = `${first}-second`;
    folders.push(second);
    await cp(first, second, { recursive: true });
    const port = await freePort();
    const config = join(second, 'gateway.yaml');
    await writeFile(config, (await readFile(config, 'utf8')).replaceAll(/127\.0\.0\.1:[1-9]\d*/g, `127.0.0.1:${port}`));
    const keys = await openFileKeyStore(join(second, 'keys'), TEST_PASSPHRASE);
    const times = { issuedAt: clock.at, expiresAt: clock.at + 86_400_000 };
    const content = { region: OWNER, name: '另一个', serial: 1, endpoint: `127.0.0.1:${port}`, ...times };
    await writeFile(statementFile(second), await issueOwnStatement(keys, content));
    owners = [await opened(first), await opened(second)];
    peer = await opened(await made(PEER));
    third = await opened(await made(THIRD));
    await pinEachOther(owners[0], peer);
    await pinEachOther(owners[1], third);
    await pinEachOther(peer, third);
  });

  it('is found out where the two compare, whatever the sizes of the logs', async () => {
    await ping(owners[1], third, 7);
    await minutes(2, [owners[0], peer], [owners[1], third]);
    expect([...(await alarmsOf(peer)), ...(await alarmsOf(third))]).toEqual([]);
    await minutes(5, [owners[0], peer], [owners[1], third], [peer, third]);
    expect(await alarmsOf(peer)).toContain(`split-view ${OWNER} ${THIRD}`);
    expect(await alarmsOf(third)).toContain(`split-view ${OWNER} ${PEER}`);
    for (const owner of owners) expect((await alarmsOf(owner)).length).toBeGreaterThan(0);
    const alarm = (await storedAlarms(peer.core.store.read)).find(({ kind }) => kind === 'split-view')!;
    for (const note of [alarm.held, alarm.shown]) verifyCheckpoint(note, owners[0].core.own);
  });

  it('is found out by whoever saw one log and reads the other one published', async () => {
    await ping(owners[1], third, 30);
    await minutes(2, [owners[0], peer], [owners[1], third]);
    const [own, other] = [join(copies, 'own'), join(copies, 'other')];
    await publishLog(owners[0].core.store.read, own);
    await publishLog(owners[1].core.store.read, other);
    const seen = await heldNotes(peer.core.store.read);
    const statements = [owners[0].core.own, peer.core.own, third.core.own];
    const honest = await verifyPublished(own, statements, seen);
    expect(honest.faults).toEqual([]);
    expect(honest.compared).toBeGreaterThan(0);
    expect(honest.witnesses.map(({ region }) => region)).toEqual([PEER]);
    const split = await verifyPublished(other, statements, seen);
    expect(split.faults.map(({ code }) => code)).toContain('LOG_FORKED');
    expect(split.witnesses.map(({ region }) => region)).toEqual([THIRD]);
  });
});
