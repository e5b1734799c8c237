import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, decode, type messages } from '#proto';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { DeadLetters, type LetterKeeper, type PatientKeeper } from '../dead-letter/dead-letters.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { type Receiver, receiver } from '../testing/receiver.ts';
import { pinEachOther, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { fly, land, settle } from '../testing/sender.ts';
import type { Settled } from './context.ts';
import type { Flight } from './flight.ts';
import { PATIENCE } from './patience.ts';
import { PeerLetters } from './peer-letters.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const PEER = '150626';
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const OTHER = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const ADMIN = { by: 'wang', role: 'sysadmin', reason: '对端已修复' };
const DAY_MS = 24 * 60 * 60 * 1000;

const made: Record<string, ThrowawayRegion> = {};
let folder: string;
let nantong: TestGateway;
let uxin: TestGateway;
let door: Receiver;
let book: LetterBook;
let letters: DeadLetters;
let settled: Settled[];
let revived: string[];
let forbidden: string | undefined;

beforeAll(async () => {
  for (const code of ['320600', PEER]) made[code] = await throwawayRegion(code, { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-letters-'));
  nantong = await testGateway(made['320600']!, folder, testClock(NOW));
  uxin = await testGateway(made[PEER]!, folder, testClock(NOW));
  await pinEachOther(nantong, uxin);
  door = receiver(uxin);
  [settled, revived, forbidden] = [[], [], undefined];
  await openBook();
});

afterEach(async () => {
  await Promise.all([nantong.close(), uxin.close()]);
  await rm(folder, { recursive: true });
});

async function openBook(capacity?: number): Promise<void> {
  const { store, clock, outbox } = nantong;
  book = new LetterBook({ store, clock, ...(capacity !== undefined && { capacity }) });
  await book.start();
  const peer = new PeerLetters({
    outbox,
    resending: {
      permit: async () => {
        if (forbidden) throw new CodedError('CONFLICT', forbidden);
      },
      sent: async (_tx, { id }, successor) => void revived.push(`${id} as ${successor}`),
    },
    onSettled: async (_tx, fate) => void settled.push(fate),
    events: { settleFailed: (_peer, _envelope, error) => void revived.push(String(error)) },
    onRevived: (region, conversation) => void revived.push(`${region} ${conversation}`),
  });
  letters = new DeadLetters({
    store,
    clock,
    book,
    keepers: { peer, platform: {} as LetterKeeper, intake: {} as PatientKeeper },
  });
}

/** Sends everything that waits, and lets the peer answer the envelopes with these sequences so, the rest with a gap. */
async function answer(kind: 'refusals' | 'deferrals', code: string, failures = 0): Promise<void> {
  const flight = await fly(nantong, PEER, CASE, 0);
  const [first, ...rest] = flight.envelopes.map(({ leaf }) => leaf);
  const deferral = (leafHash: Buffer, why: string): messages.Deferral => {
    return { leafHash, code: why, envelopeId: '', expectedSequence: 0, missingMaterials: [] };
  };
  const empty = { answers: 1, signedRoot: Buffer.alloc(0), receipts: [] };
  const given: messages.ReceiptBatch = {
    ...empty,
    refusals: kind === 'refusals' ? [{ leafHash: first!, code }] : [],
    deferrals: [
      ...(kind === 'deferrals' ? [deferral(first!, code)] : []),
      ...rest.map((leaf) => deferral(leaf, 'SEQUENCE_GAP')),
    ],
  };
  await settleWith(flight, given, failures);
}

function settleWith(flight: Flight, given: messages.ReceiptBatch, failures = 0): Promise<string[]> {
  const remember = async (_tx: unknown, fate: Settled) => void settled.push(fate);
  return settle(nantong, made[PEER]!.statement, flight, given, remember, { letters: book, failures });
}

/** Sends what waits to the peer, as it is, and settles what that says. */
async function exchange(): Promise<string[]> {
  const flight = await fly(nantong, PEER, CASE, 0);
  return settleWith(flight, await land(flight, nantong, door));
}

async function ping(times: number, conversation = CASE): Promise<void> {
  await fly(nantong, PEER, conversation, times);
}

/** Makes the first of some Pings a dead letter. @returns its id */
async function refused(pings: number): Promise<string> {
  await ping(pings);
  await answer('refusals', 'MALFORMED');
  nantong.clock.at += PATIENCE.refusedMs;
  await answer('refusals', 'MALFORMED');
  return (await letters.list({}, 1))[0]!.id;
}

function states() {
  return nantong.store.read
    .all<{ sequence: number; type: string; state: string }>(
      'SELECT sequence, type, state FROM outbox ORDER BY sequence, position',
    )
    .then((rows) => rows.map(({ sequence, type, state }) => `${sequence} ${type} ${state}`));
}

function accepted() {
  return uxin.store.read
    .all<{ sequence: number; type: string }>("SELECT sequence, type FROM inbox WHERE code = '' ORDER BY position")
    .then((rows) => rows.map(({ sequence, type }) => `${sequence} ${type.split('.').at(-1)}`));
}

describe('an envelope that its peer never takes', () => {
  it('is tried again for an hour when it is refused for what it is, then leaves the queue with its reason', async () => {
    await ping(3);
    await answer('refusals', 'MALFORMED');
    nantong.clock.at += PATIENCE.refusedMs - 1;
    await answer('refusals', 'MALFORMED');
    expect(await letters.list({}, 10)).toEqual([]);
    nantong.clock.at += 1;
    await answer('refusals', 'MALFORMED');
    expect(await letters.list({}, 10)).toMatchObject([
      {
        ...{ queue: 'peer', name: PEER, subject: CASE, type: 'Ping', sequence: 1 },
        ...{ reason: 'refused', code: 'MALFORMED', since: NOW, deadAt: NOW + PATIENCE.refusedMs },
      },
    ]);
    expect(await states()).toEqual(['1 Ping dead', '2 Ping pending', '3 Ping pending']);
    expect(nantong.outbox.pending(PEER)).toBe(2);
    expect([book.isStopped(PEER, CASE), book.isStopped(PEER, OTHER)]).toEqual([true, false]);
    expect(settled).toEqual([]);
  });

  it('is tried again for a week when it is deferred over and over, and later ones are not to blame', async () => {
    await ping(2);
    await answer('deferrals', 'TRY_LATER', PATIENCE.failures - 1);
    nantong.clock.at += 2 * PATIENCE.deferredMs;
    await answer('deferrals', 'TRY_LATER', PATIENCE.failures);
    nantong.clock.at += PATIENCE.deferredMs - 1;
    await answer('deferrals', 'TRY_LATER', PATIENCE.failures);
    expect(await letters.list({}, 10)).toEqual([]);
    nantong.clock.at += 1;
    await answer('deferrals', 'TRY_LATER', PATIENCE.failures);
    expect(await letters.list({}, 10)).toMatchObject([{ sequence: 1, reason: 'deferred', code: 'TRY_LATER' }]);
    nantong.clock.at += 2 * PATIENCE.deferredMs;
    await answer('deferrals', 'SEQUENCE_GAP', 99);
    expect(await states()).toEqual(['1 Ping dead', '2 Ping pending']);
  });

  it.each(['SEAL_TIME', 'KEY_UNKNOWN', 'SENT_IN_FUTURE'])(
    'is not given up after an hour for what its seal or a clock has: %s',
    async (code) => {
      await ping(1);
      await answer('refusals', code, 99);
      nantong.clock.at += PATIENCE.refusedMs;
      await answer('refusals', code, 99);
      expect(await letters.list({}, 10)).toEqual([]);
    },
  );

  it('stays in the queue while the book of its peer is full', async () => {
    await openBook(0);
    await ping(1);
    await answer('refusals', 'MALFORMED');
    nantong.clock.at += PATIENCE.refusedMs;
    await answer('refusals', 'MALFORMED');
    expect(await letters.list({}, 10)).toEqual([]);
    expect(await states()).toEqual(['1 Ping pending']);
  });
});

describe('a letter that still holds its place', () => {
  it('goes back by a retry as it was fixed, and its conversation goes on in order', async () => {
    const id = await refused(3);
    expect((await letters.show(id)).detail).toEqual({ expiresAt: NOW + 30 * DAY_MS, waiting: 2 });
    const before = await nantong.store.read.get('SELECT header, payload, leaf FROM outbox WHERE id = ?', id);
    const { closing } = await letters.retry(id, ADMIN);
    expect(closing).toEqual({ ...ADMIN, outcome: 'retried', successor: '', at: NOW + PATIENCE.refusedMs });
    expect(revived).toEqual([`${PEER} ${CASE}`]);
    expect([book.isStopped(PEER, CASE), nantong.outbox.pending(PEER)]).toEqual([false, 3]);
    expect(await nantong.store.read.get('SELECT header, payload, leaf FROM outbox WHERE id = ?', id)).toEqual(before);
    uxin.clock.at = nantong.clock.at;
    await exchange();
    expect(await accepted()).toEqual(['1 Ping', '2 Ping', '3 Ping']);
    expect(await letters.list({}, 10)).toEqual([]);
    expect(await letters.list({ closed: true }, 10)).toMatchObject([{ id, closing: { outcome: 'retried' } }]);
    await expect(letters.retry(id, ADMIN)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is replaced by a Skip when it is dropped; its room learns of it, and the log stays whole', async () => {
    const id = await refused(2);
    await letters.drop(id, { ...ADMIN, reason: '申请人已撤回' });
    expect(settled).toMatchObject([{ id, name: 'Ping', code: 'GIVEN_UP' }]);
    expect(await states()).toEqual(['1 Ping dropped', '1 Skip pending', '2 Ping pending']);
    uxin.clock.at = nantong.clock.at;
    await exchange();
    await exchange();
    expect(await accepted()).toEqual(['1 Skip', '2 Ping']);
    expect(nantong.outbox.pending(PEER)).toBe(0);
    expect((await letters.show(id)).letter.closing).toMatchObject({ outcome: 'dropped', reason: '申请人已撤回' });
    await nantong.log.integrate();
    expect((await verifyLog(nantong.store.read, nantong.own.statement)).faults).toEqual([]);
  });

  it('may die again after a retry, and the book keeps both', async () => {
    const id = await refused(1);
    await letters.retry(id, ADMIN);
    await answer('refusals', 'MALFORMED');
    nantong.clock.at += PATIENCE.refusedMs;
    await answer('refusals', 'MALFORMED');
    const shown = await letters.show(id);
    expect(shown.letter.closing).toBeUndefined();
    expect(shown.earlier).toMatchObject([{ id, closing: { outcome: 'retried' } }]);
  });

  it('is not sent again without its content', async () => {
    const id = await refused(1);
    await nantong.store.write((tx) => tx.run('UPDATE outbox SET payload = NULL, salt = NULL'));
    await expect(letters.retry(id, ADMIN)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await states()).toEqual(['1 Ping dead']);
    await letters.drop(id, ADMIN);
    expect(await states()).toEqual(['1 Ping dropped', '1 Skip pending']);
  });

  it('is put back when it expires, so that its conversation goes on without anybody', async () => {
    const id = await refused(2);
    expect(await letters.tend()).toBe(0);
    nantong.clock.at = NOW + 31 * DAY_MS;
    expect(await letters.tend()).toBe(1);
    await answer('refusals', 'EXPIRED');
    expect(await states()).toEqual(['1 Ping expired', '1 Skip pending', '2 Ping pending']);
    expect((await letters.show(id)).letter.closing).toMatchObject({ outcome: 'expired', by: '' });
  });

  it('is counted, and holds its conversation, after a restart too', async () => {
    await refused(2);
    await openBook();
    expect(book.counts()).toEqual([{ queue: 'peer', name: PEER, count: 1 }]);
    expect(book.isStopped(PEER, CASE)).toBe(true);
  });
});

describe('an envelope that expired', () => {
  async function expire(...conversations: string[]): Promise<string[]> {
    const { outbox, store, clock } = nantong;
    const sent = [];
    for (const conversation of conversations) {
      const outgoing = {
        peer: PEER,
        conversation,
        name: 'DirectOutcome',
        payload: payloadSamples.DirectOutcome,
      } as const;
      sent.push(await store.write((tx) => outbox.enqueue(tx, outgoing)));
    }
    clock.at += 30 * DAY_MS;
    const flight = await fly(nantong, PEER, CASE, 0);
    const refusals = flight.envelopes.map(({ leaf: leafHash }) => ({ leafHash, code: 'EXPIRED' }));
    await settleWith(flight, { answers: 1, signedRoot: Buffer.alloc(0), receipts: [], refusals, deferrals: [] });
    return sent.map(({ id }) => id);
  }

  it('is a letter that holds nobody up, and is said anew with new times and the next number', async () => {
    const [id] = await expire(CASE);
    expect(await letters.list({}, 10)).toMatchObject([
      { id, reason: 'expired', code: 'EXPIRED', since: NOW + 30 * DAY_MS },
    ]);
    expect(book.isStopped(PEER, CASE)).toBe(false);
    const { closing } = await letters.retry(id!, ADMIN);
    expect(await states()).toEqual(['1 DirectOutcome expired', '1 Skip pending', '2 DirectOutcome pending']);
    const rows = await nantong.store.read.all<{ id: string; header: Buffer; payload: Buffer }>(
      "SELECT id, header, payload FROM outbox WHERE type = 'DirectOutcome' ORDER BY sequence",
    );
    expect(rows[1]!.payload).toEqual(rows[0]!.payload);
    const header = decode('EnvelopeHeader', rows[1]!.header);
    expect(header).toMatchObject({ sequence: 2, sentAt: NOW + 30 * DAY_MS, expiresAt: NOW + 60 * DAY_MS });
    expect([closing?.successor, revived]).toEqual([rows[1]!.id, [`${id} as ${rows[1]!.id}`]]);
  });

  it('waits for the letters before it in its conversation', async () => {
    const [first, second, other] = (await expire(CASE, CASE, OTHER)) as [string, string, string];
    await expect(letters.retry(second, ADMIN)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(first),
    });
    await letters.retry(other, ADMIN);
    await letters.drop(first, ADMIN);
    await letters.retry(second, ADMIN);
    const waiting = await states();
    expect(waiting.filter((state) => state === '3 DirectOutcome pending')).toHaveLength(1);
    expect(settled.map(({ code }) => code)).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED']);
  });

  it('is not said anew when its room says so, and then nothing has changed', async () => {
    const [id] = await expire(CASE);
    forbidden = 'do it again on the case';
    const before = await states();
    await expect(letters.retry(id!, ADMIN)).rejects.toMatchObject({ code: 'CONFLICT', message: forbidden });
    expect(await states()).toEqual(before);
    expect(await letters.list({}, 10)).toHaveLength(1);
  });

  it('takes the place of the oldest that expired when the book is full; test envelopes are never filed', async () => {
    await openBook(2);
    const ids = [...(await expire(CASE, CASE)), ...(await expire(OTHER))];
    expect((await letters.list({}, 10)).map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(book.counts()).toEqual([{ queue: 'peer', name: PEER, count: 2 }]);
    await ping(1);
    nantong.clock.at += 30 * DAY_MS;
    await answer('refusals', 'EXPIRED');
    expect(await letters.list({ queue: 'peer', name: PEER }, 10)).toHaveLength(2);
  });
});

it('says of a letter that there is none', async () => {
  for (const deal of [() => letters.show('x'), () => letters.retry('x', ADMIN), () => letters.drop('x', ADMIN)])
    await expect(deal()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
