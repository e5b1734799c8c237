import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { DataVault } from '../at-rest/data-vault.ts';
import { atRestOf, storageKey } from '../at-rest/testing/open-vault.ts';
import { DeadLetters, type LetterKeeper, type PatientKeeper } from '../dead-letter/dead-letters.ts';
import { LetterBook } from '../dead-letter/letter-book.ts';
import { type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { BatchFormer } from './batch-former.ts';
import type { DispatchContext, Settled } from './context.ts';
import type { Flight } from './flight.ts';
import { HeldConversations } from './held-conversations.ts';
import type { PendingEnvelope } from './outbox.ts';
import { PeerLetters } from './peer-letters.ts';
import { StreamKillers } from './stream-killers.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60_000;
const PEER = '150626';
const [CASE, OTHER, THIRD] = ['a', 'b', 'c'].map((n) => `0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f${n}`) as [
  string,
  string,
  string,
];
const ADMIN = { by: 'wang', role: 'sysadmin', reason: '数据损坏' };

let own: ThrowawayRegion;
let folder: string;
let gateway: TestGateway;
let held: HeldConversations;
let killers: StreamKillers;
let flights: Map<number, Flight>;
let letters: DeadLetters;
let former: BatchFormer;
let settled: Settled[];
let life: AbortController;

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-former-'));
  const vault = new DataVault();
  gateway = await testGateway(own, folder, testClock(NOW), vault);
  await atRestOf(gateway.store, vault, { keys: () => [storageKey('only')] }).open();
  held = new HeldConversations(gateway.clock, () => 0.5);
  killers = new StreamKillers(gateway.clock);
  [flights, settled, life] = [new Map(), [], new AbortController()];
  await openFormer();
});

afterEach(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

async function openFormer(capacity = 10): Promise<void> {
  const { store, clock, log, outbox, region } = gateway;
  const book = new LetterBook({ store, clock, capacity });
  await book.start();
  const telling = {
    onSettled: async (_tx: unknown, fate: Settled) => void settled.push(fate),
    events: { settleFailed: (_peer: string, _envelope: string, error: unknown) => expect.fail(String(error)) },
  };
  const resending = { permit: async () => {}, sent: async () => {} };
  const onRevived = (_peer: string, conversation: string) => held.recall(conversation);
  const peer = new PeerLetters({ ...telling, outbox, resending, onRevived });
  letters = new DeadLetters({
    store,
    clock,
    book,
    keepers: { peer, platform: {} as LetterKeeper, intake: {} as PatientKeeper },
  });
  // What needs a network, a former without files does not touch.
  const context = { ...telling, region, store, clock, log, outbox, letters: book } as unknown as DispatchContext;
  const onReleased = () => expect.fail('nothing waits for files');
  const client = () => expect.fail('nothing is sent');
  former = new BatchFormer({
    ...{ context, region: PEER, held, killers, flights, client, signal: life.signal, onReleased },
  });
}

async function ping(...conversations: string[]): Promise<void> {
  const { store, outbox } = gateway;
  for (const conversation of conversations)
    await store.write((tx) =>
      outbox.enqueue(tx, { peer: PEER, conversation, name: 'Ping', payload: { note: 'ping' } }),
    );
}

/** Alters the last byte of what stands there sealed. */
async function damage(position: number, column: 'payload' | 'salt'): Promise<void> {
  await gateway.store.write(async (tx) => {
    const row = await tx.get<{ payload: Buffer; salt: Buffer }>(
      'SELECT payload, salt FROM outbox WHERE position = ?',
      position,
    );
    const stored = Buffer.from(row![column]);
    stored[stored.length - 1]! ^= 1;
    if (column === 'payload') await tx.run('UPDATE outbox SET payload = ? WHERE position = ?', stored, position);
    else await tx.run('UPDATE outbox SET salt = ? WHERE position = ?', stored, position);
  });
}

const next = async () => placesOf(await former.next(life.signal));
const placesOf = (envelopes: readonly PendingEnvelope[]) => envelopes.map(({ position }) => position);

async function accepted(...positions: number[]): Promise<void> {
  for (const position of positions)
    await gateway.store.write((tx) => tx.run("UPDATE outbox SET state = 'accepted' WHERE position = ?", position));
}

async function states(): Promise<string[]> {
  const rows = await gateway.store.read.all<{ position: number; type: string; state: string }>(
    'SELECT position, type, state FROM outbox ORDER BY position',
  );
  return rows.map(({ position, type, state }) => `${position} ${type} ${state}`);
}

describe('an envelope that does not open', () => {
  it.each(['payload', 'salt'] as const)('for its %s is a dead letter at once, and all others go', async (column) => {
    await ping(CASE, OTHER, CASE, THIRD);
    await damage(1, column);
    expect(await next()).toEqual([2, 4]);
    expect(await letters.list({}, 10)).toMatchObject([
      { queue: 'peer', name: PEER, place: 1, subject: CASE, reason: 'refused', code: 'AT_REST_BROKEN', since: NOW },
    ]);
    expect(await states()).toEqual(['1 Ping dead', '2 Ping pending', '3 Ping pending', '4 Ping pending']);
    await accepted(2, 4);
    former.rewind();
    expect(await next()).toEqual([]);
    expect(gateway.outbox.pending(PEER)).toBe(3);
  });

  it('is not given up before what stands before it in its conversation', async () => {
    await ping(CASE, CASE, CASE, OTHER);
    await damage(2, 'payload');
    expect(await next()).toEqual([1, 4]);
    expect(await letters.list({}, 10)).toEqual([]);
    gateway.clock.at += MINUTE_MS;
    expect(await next()).toEqual([1]);
    await accepted(1);
    gateway.clock.at += MINUTE_MS;
    expect(await next()).toEqual([]);
    expect(await letters.list({}, 10)).toMatchObject([{ sequence: 2, code: 'AT_REST_BROKEN' }]);
  });

  it('can be shown, retried and dropped: then a Skip fills its place, and its conversation goes on', async () => {
    await ping(CASE, CASE);
    await damage(1, 'payload');
    await next();
    const [letter] = await letters.list({}, 10);
    expect((await letters.show(letter!.id)).detail).toEqual({ expiresAt: NOW + 30 * DAY_MS, waiting: 1 });
    await letters.retry(letter!.id, ADMIN);
    expect(await next()).toEqual([]);
    expect(await states()).toEqual(['1 Ping dead', '2 Ping pending']);

    await letters.drop(letter!.id, ADMIN);
    expect(settled).toMatchObject([{ id: letter!.id, code: 'GIVEN_UP' }]);
    expect(await states()).toEqual(['1 Ping dropped', '2 Ping pending', '3 Skip pending']);
    former.rewind();
    held.clearAll();
    expect(await next()).toEqual([2, 3]);
  });

  it('stays in the queue while the book of its peer is full, and holds up its conversation alone', async () => {
    await openFormer(0);
    await ping(CASE, CASE, OTHER);
    await damage(1, 'payload');
    expect(await next()).toEqual([3]);
    expect(await states()).toEqual(['1 Ping pending', '2 Ping pending', '3 Ping pending']);
  });

  it('has a Skip in its place once it has expired', async () => {
    await ping(CASE, CASE);
    await damage(1, 'payload');
    gateway.clock.at += 30 * DAY_MS;
    await next();
    expect(await states()).toEqual(['1 Ping expired', '2 Ping pending', '3 Skip pending']);
    expect(settled).toMatchObject([{ code: 'EXPIRED' }]);
  });
});

describe('an envelope that ended streams', () => {
  /** Makes the first envelope of a conversation one of them, which has rested enough. */
  async function blame(conversation: string): Promise<void> {
    const [envelope] = await gateway.outbox.pendingOf(PEER, conversation, Number.MAX_SAFE_INTEGER, 1);
    for (let n = 0; n < 3; n += 1) killers.lost([{ envelopes: [envelope] } as unknown as Flight]);
    expect(killers.restOf(conversation)).toBe(NOW + MINUTE_MS);
  }

  const takesOff = (number: number, envelopes: readonly PendingEnvelope[]) =>
    void flights.set(number, { number, envelopes } as unknown as Flight);

  it('has its turn alone under a steady backlog: no other batch is formed until nothing is under way', async () => {
    await ping(CASE, OTHER);
    await blame(CASE);
    const first = await former.next(life.signal);
    expect(placesOf(first)).toEqual([2]);
    takesOff(1, first);
    gateway.clock.at += MINUTE_MS;
    await ping(THIRD);
    held.recall(OTHER);
    expect(await next()).toEqual([]);
    flights.clear();
    expect(await next()).toEqual([1]);
  });

  it('goes before others that were held as well', async () => {
    await ping(OTHER, CASE);
    await blame(CASE);
    held.recall(OTHER);
    await next();
    held.recall(OTHER);
    gateway.clock.at += MINUTE_MS;
    expect(await next()).toEqual([2]);
  });

  it('and was answered keeps nobody alone any longer', async () => {
    await ping(CASE, CASE, OTHER);
    await blame(CASE);
    expect(await next()).toEqual([3]);
    gateway.clock.at += MINUTE_MS;
    const alone = await former.next(life.signal);
    expect(placesOf(alone)).toEqual([1]);
    takesOff(2, alone);
    expect(former.slots).toBe(1);
    killers.answered(alone);
    flights.clear();
    await accepted(1);
    expect(await next()).toEqual([2]);
    expect(former.slots).toBeGreaterThan(1);
  });
});
