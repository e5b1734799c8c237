import { randomUUIDv7 } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, decode, encode, LIMITS, type messages } from '#proto';
import { type RegionStatement, sealReceipts } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { LogAlarms } from '../evidence/witness/log-alarms.ts';
import type { Settled } from '../outbound/context.ts';
import { receiver } from '../testing/receiver.ts';
import { type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { fly, land, settle } from '../testing/sender.ts';
import { recoveryBeginning } from './beginning.ts';
import { giveBack } from './give-back.ts';
import { heldConversations } from './held-conversations.ts';
import { isBehind, marksFor } from './hello-marks.ts';
import { markRestored } from './mark-restored.ts';
import { type AskPeer, Recovery } from './recovery.ts';
import { RecoveryGate } from './recovery-gate.ts';
import { recoveryTable } from './recovery-table.ts';

const BACKUP = Date.parse('2026-11-20T09:00:00+08:00');
const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const [LOST, PEER] = ['320600', '150626'] as const;
const ACT = { by: 'wang', reason: '对端长期不在' };

let clock: ReturnType<typeof testClock>;
let regions: Record<'lost' | 'peer', ThrowawayRegion>;
let folder: string;
let lost: TestGateway;
let peer: TestGateway;
let gate: RecoveryGate;
let recovery: Recovery;
/** Moments from which the peer was asked. */
let asked: number[];
/** What rooms were told, and operators. */
let settled: Settled[];
let told: string[];
let letters: LetterBook;

beforeAll(async () => {
  const made = [LOST, PEER].map((region) => throwawayRegion(region, { now: BACKUP - DAY }));
  const [one, other] = await Promise.all(made);
  regions = { lost: one!, peer: other! };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-recovery-'));
  clock = testClock(BACKUP);
  peer = await testGateway(regions.peer, folder, clock);
  [asked, settled, told] = [[], [], []];
  await open();
});

afterEach(async () => {
  await Promise.all([lost.close(), peer.close()]);
  await rm(folder, { recursive: true });
});

async function open(): Promise<void> {
  lost = await testGateway(regions.lost, folder, clock);
  const { store, log, outbox } = lost;
  letters = new LetterBook({ store, clock });
  await letters.start();
  gate = new RecoveryGate(() => log.epoch);
  await gate.load(store.read);
  recovery = new Recovery({
    ...{ store, clock, log, outbox, letters, gate, own: () => regions.lost.statement },
    alarms: new LogAlarms(store, clock, () => {}),
    agreementOf: () => {
      throw new CodedError('AUTHORIZATION_UNKNOWN');
    },
    handlerOf: () => async () => {},
    actAgain: async () => {},
    onSettled: async (_tx, one) => void settled.push(one),
    onUnexpected: (error) => void told.push(String(error)),
    news: {
      putBack: (region) => void told.push(`put back ${region}`),
      restored: (region) => void told.push(`restored ${region}`),
      failed: (region, code) => void told.push(`failed ${region} ${code}`),
    },
  });
}

const files = () => [join(folder, LOST), join(folder, 'copy')] as const;

async function backUp(): Promise<void> {
  const [from, to] = files();
  await lost.close();
  await cp(from, to, { recursive: true });
  await open();
}

async function putBack(): Promise<void> {
  const [to, from] = files();
  await lost.close();
  await rm(to, { recursive: true });
  await cp(from, to, { recursive: true });
  await open();
}

async function restored(pinned: readonly string[] = [PEER]): Promise<void> {
  await markRestored(lost.store, clock.now());
  const begin = await recoveryBeginning(lost.store, clock, () => pinned);
  await lost.store.write(begin!);
  await gate.load(lost.store.read);
}

/** Pings go from one side to the other and their receipts back. */
async function exchange(from: TestGateway, to: TestGateway, conversation: string = randomUUIDv7()): Promise<void> {
  const flight = await fly(from, to.region, conversation, 1);
  await settle(from, to.own.statement, flight, await land(flight, from, receiver(to)));
}

async function* givenBack(since: number): AsyncGenerator<messages.RecoverResponse> {
  asked.push(since);
  const sealReceipt = (body: Buffer) => sealReceipts(regions.peer.signing, PEER, [body], clock.now());
  const context = { read: peer.store.read, sealReceipt, pushFiles: async () => {} };
  for await (const frame of giveBack(LOST, since, context))
    yield decode('RecoverResponse', encode('RecoverResponse', frame));
}

async function* nothing(since: number): AsyncGenerator<messages.RecoverResponse> {
  asked.push(since);
  for (const frame of [{ opening: { heldNote: '' } }, { end: { count: 0 } }])
    yield decode('RecoverResponse', encode('RecoverResponse', frame));
}

/** We dial the peer, and it says hello. */
async function met(ask: AskPeer = givenBack, statement: RegionStatement = regions.peer.statement): Promise<void> {
  const hello = (await marksFor(peer.store.read, LOST)) as messages.Hello;
  await recovery.met(statement, hello, ask, new AbortController().signal);
}

const view = async () => (await recoveryTable.peers(lost.store.read))[0];
const lacksNothing = async () =>
  !(await isBehind(lost.store.read, PEER, (await marksFor(peer.store.read, LOST)).marks));

describe('the moment from which a peer is asked', () => {
  it('is that of the last exchange with it, however long an old database worked on by itself', async () => {
    await exchange(lost, peer);
    await backUp();
    clock.at += 2 * HOUR;
    await exchange(lost, peer);
    await exchange(peer, lost);
    await putBack();
    clock.at += 2 * DAY;
    await lost.store.write((tx) =>
      lost.outbox.enqueue(tx, { peer: PEER, conversation: randomUUIDv7(), name: 'Ping', payload: { note: 'x' } }),
    );
    await expect(met()).rejects.toMatchObject({ code: 'STORE_PUT_BACK' });
    expect(asked).toEqual([]);

    await restored();
    expect(await recoveryTable.find(lost.store.read)).toMatchObject({ state: 'recovering', knownUntil: BACKUP });
    await met();
    expect(asked).toEqual([BACKUP - HOUR]);
    expect(await view()).toMatchObject({ state: 'done', own: 1, theirs: 1, aside: 0 });
    await met();
    expect([asked.length, await lacksNothing()]).toEqual([1, true]);
  });

  it('is not raised by another restore before the peer has given everything back', async () => {
    await exchange(lost, peer);
    await restored();
    clock.at += DAY;
    // As when something of it was put in its place, and the rest was not.
    await exchange(lost, peer);
    await restored();
    expect(await view()).toMatchObject({ state: 'waiting', since: BACKUP });
    await lost.store.write((tx) => recoveryTable.skip(tx, PEER, ACT, clock.now()));
    await restored();
    expect(await view()).toMatchObject({ state: 'waiting', since: BACKUP, by: '' });
    await lost.store.write((tx) => recoveryTable.done(tx, PEER, clock.now()));
    await restored();
    expect(await view()).toMatchObject({ state: 'waiting', since: BACKUP + DAY });
  });

  it('is the beginning when it knows more than it gave back, and then it is not asked again', async () => {
    await exchange(lost, peer);
    await backUp();
    const talk = randomUUIDv7();
    await exchange(lost, peer, talk);
    await putBack();
    await restored();
    await met(nothing);
    expect([await view(), gate.mustAsk(PEER)]).toMatchObject([{ state: 'done' }, false]);
    await met();
    expect(asked).toEqual([BACKUP - HOUR, 0]);
    expect(await view()).toMatchObject({ state: 'done', since: 0, own: 1 });
    expect(await lacksNothing()).toBe(true);

    const marks = [{ conversation: talk, sequence: 99, receipted: 0 }];
    const liar = recovery.heard(regions.peer.statement, { marks, heldNote: '' } as unknown as messages.Hello);
    await expect(liar).rejects.toMatchObject({ code: 'STORE_PUT_BACK' });
    expect([asked.length, gate.mustAsk(PEER)]).toEqual([2, false]);
  });

  it('is the beginning for a peer that was pinned after the backup', async () => {
    await backUp();
    await exchange(lost, peer);
    await putBack();
    await restored([]);
    expect(await view()).toBeUndefined();
    await met();
    expect(asked).toEqual([0]);
    expect(await view()).toMatchObject({ region: PEER, state: 'done', own: 1 });
    expect([gate.closedFor(PEER), await lacksNothing()]).toEqual([undefined, true]);
  });
});

describe('what cannot be verified', () => {
  const revoked = (of: ThrowawayRegion): RegionStatement => ({
    ...of.statement,
    keys: of.statement.keys.map((key) => (key.purpose === 'signing' ? { ...key, revokedAt: BACKUP + 5 * HOUR } : key)),
  });

  it('is set aside and counted, holds its conversation, and stops nothing else', async () => {
    const talk = randomUUIDv7();
    await exchange(lost, peer, talk);
    await backUp();
    clock.at += 2 * HOUR;
    await exchange(lost, peer, talk);
    await exchange(peer, lost);
    await putBack();
    await restored();
    // Our envelope has a receipt under the key; the receipt of the other is ours.
    await met(givenBack, revoked(regions.peer));
    expect(await view()).toMatchObject({ state: 'done', own: 0, theirs: 1, aside: 1, code: '' });
    const [held] = await heldConversations.list(lost.store.read, 10);
    expect(held).toMatchObject({ conversation: talk, reason: 'unverified', code: 'KEY_REVOKED', type: 'Ping' });
    expect(await lost.store.read.all('SELECT id FROM outbox WHERE id = ?', held!.envelope)).toEqual([]);

    expect(await lacksNothing()).toBe(true);
    await recovery.release(talk, ACT);
    const again = await lost.store.write((tx) =>
      lost.outbox.enqueue(tx, { peer: PEER, conversation: talk, name: 'Ping', payload: { note: 'x' } }),
    );
    expect(again.sequence).toBe(3);
  });

  it('does not hold again what somebody released', async () => {
    await backUp();
    const talk = randomUUIDv7();
    await exchange(lost, peer, talk);
    await putBack();
    await restored();
    const statement = revoked(regions.peer);
    await met(givenBack, statement);
    await recovery.release(talk, ACT);
    await restored();
    await met(givenBack, statement);
    expect(await view()).toMatchObject({ state: 'done', aside: 1 });
    expect(await heldConversations.count(lost.store.read)).toBe(0);
  });

  it('is set aside also when its key is revoked between its coming and its place', async () => {
    await backUp();
    await exchange(lost, peer);
    await putBack();
    await restored();
    let statement = regions.peer.statement;
    const changing = {
      ...statement,
      get keys() {
        return statement.keys;
      },
    };
    await met(async function* (since) {
      for await (const frame of givenBack(since)) {
        if (frame.end) statement = revoked(regions.peer);
        yield frame;
      }
    }, changing);
    expect(await view()).toMatchObject({ state: 'done', own: 0, aside: 1 });
    expect(await lost.store.read.all('SELECT id FROM recovery_fetched')).toEqual([]);
  });
});

describe('what was given back and cannot be read any more', () => {
  it.each([
    ['its bytes', "UPDATE recovery_fetched SET bytes = x'00ff'"],
    ['its seal', 'UPDATE recovery_fetched SET group_id = 1000000'],
  ])('(%s) is thrown away and asked for again', async (_what, damage) => {
    await backUp();
    await exchange(lost, peer);
    await putBack();
    await restored();
    const damaged = met(async function* (since) {
      for await (const frame of givenBack(since)) {
        if (frame.end) await lost.store.write((tx) => tx.run(damage));
        yield frame;
      }
    });
    await expect(damaged).rejects.toMatchObject({ code: 'TRY_LATER' });
    expect(await view()).toMatchObject({ own: 0, code: 'TRY_LATER' });
    for (let n = 0; n < 3 && gate.closedFor(PEER) !== undefined; n += 1) await met().catch(() => undefined);
    expect(await view()).toMatchObject({ state: 'done', own: 1, aside: 0 });
    expect(await lost.store.read.all('SELECT id FROM recovery_fetched')).toEqual([]);
    expect(await lacksNothing()).toBe(true);
  });
});

describe('a peer that cannot give back', () => {
  // biome-ignore lint/correctness/useYield: it fails before its first frame
  const failing: AskPeer = async function* () {
    throw new CodedError('BACK_PRESSURE');
  };

  it('gets nothing, unless an operator does not wait for it', async () => {
    await restored();
    await expect(met(failing)).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    await recovery.skip(PEER, ACT);
    await met(failing);
    expect(told).toEqual([`failed ${PEER} BACK_PRESSURE`, `failed ${PEER} BACK_PRESSURE`]);
    expect([await view(), gate.isSkipped(PEER)]).toMatchObject([{ state: 'skipped', code: 'BACK_PRESSURE' }, true]);
    await met();
    expect([await view(), gate.closedFor(PEER)]).toMatchObject([{ state: 'done' }, undefined]);
  });
});

describe('what waited in the backup', () => {
  const talk = randomUUIDv7();
  let id: string;

  beforeEach(async () => {
    const outgoing = { peer: PEER, conversation: talk, name: 'Ping', payload: { note: 'x' } } as const;
    ({ id } = await lost.store.write((tx) => lost.outbox.enqueue(tx, outgoing)));
    await backUp();
  });

  const waiting = async () => (await lost.outbox.pendingAfter(PEER, 0, 10))[0]!;
  const bringSkip = async () => {
    const [envelope] = await lost.outbox.pendingAfter(PEER, 0, 10);
    expect(envelope!.type).toBe('Skip');
    const flight = await fly(lost, PEER, talk, 0);
    await settle(lost, regions.peer.statement, flight, await land(flight, lost, receiver(peer)));
  };

  it('and expired later is told so, though only its Skip comes back', async () => {
    clock.at += LIMITS.lifetimeMs + HOUR;
    await lost.store.write(async (tx) => lost.outbox.skip(tx, PEER, await waiting()));
    await bringSkip();
    await putBack();
    await restored();
    await met();
    expect(settled).toMatchObject([{ id, name: 'Ping', code: 'EXPIRED', sentAt: BACKUP }]);
    expect(await heldConversations.count(lost.store.read)).toBe(0);
    expect(lost.outbox.pending(PEER)).toBe(0);
  });

  it('and was dropped later is told so', async () => {
    clock.at += HOUR;
    const envelope = await waiting();
    await lost.store.write((tx) => lost.outbox.giveUp(tx, PEER, envelope, 'TRY_LATER'));
    await lost.store.write((tx) => lost.outbox.drop(tx, PEER, envelope.position));
    await bringSkip();
    await putBack();
    await restored();
    await met();
    expect(settled).toMatchObject([{ id, code: 'GIVEN_UP' }]);
  });

  it('as a dead letter and was dropped later is none any more', async () => {
    const envelope = await waiting();
    await lost.store.write(async (tx) => {
      await lost.outbox.giveUp(tx, PEER, envelope, 'TRY_LATER');
      await letters.file(tx, {
        ...{ id, queue: 'peer', name: PEER, place: envelope.position, sequence: 1, subject: talk, type: 'Ping' },
        ...{ reason: 'refused', code: 'TRY_LATER', since: clock.at },
      });
    });
    await backUp();
    clock.at += HOUR;
    await lost.store.write((tx) => lost.outbox.drop(tx, PEER, envelope.position));
    await bringSkip();
    await putBack();
    expect(letters.isStopped(PEER, talk)).toBe(true);
    await restored();
    await met();
    expect(settled).toMatchObject([{ id, code: 'GIVEN_UP' }]);
    expect(letters.counts()).toEqual([]);
    expect(letters.isStopped(PEER, talk)).toBe(false);
    expect(await letters.find(lost.store.read, id)).toMatchObject({ closing: { outcome: 'dropped', by: '' } });
    expect(await lost.store.read.all("SELECT id FROM outbox WHERE state = 'dead'")).toEqual([]);
    expect(await heldConversations.count(lost.store.read)).toBe(0);
  });

  it('and was decided is told of with our own payload, when the peer has erased its', async () => {
    const flight = await fly(lost, PEER, talk, 0);
    await settle(lost, regions.peer.statement, flight, await land(flight, lost, receiver(peer)));
    await peer.store.write((tx) => tx.run('UPDATE inbox SET payload = NULL, salt = NULL'));
    await putBack();
    await restored();
    await met();
    expect(settled).toMatchObject([{ id, name: 'Ping', code: '', payload: encode('Ping', { note: 'x' }) }]);
    expect(lost.outbox.pending(PEER)).toBe(0);
  });

  it('and has no payload anywhere holds its conversation', async () => {
    const flight = await fly(lost, PEER, talk, 0);
    await settle(lost, regions.peer.statement, flight, await land(flight, lost, receiver(peer)));
    await peer.store.write((tx) => tx.run('UPDATE inbox SET payload = NULL, salt = NULL'));
    await putBack();
    await lost.store.write((tx) => tx.run('UPDATE outbox SET payload = NULL, salt = NULL'));
    await restored();
    await met();
    expect(settled).toEqual([]);
    expect(await heldConversations.list(lost.store.read, 10)).toMatchObject([
      { conversation: talk, reason: 'own-act' },
    ]);
  });
});
