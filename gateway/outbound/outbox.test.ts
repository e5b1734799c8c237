import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decode, LIMITS } from '#proto';
import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { keepGroup, Outbox, type Outgoing } from './outbox.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const PEER = '150626';
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const OTHER = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

let own: ThrowawayRegion;
let folder: string;
let gateway: TestGateway;
let outbox: Outbox;
let woken: string[];

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-outbox-'));
  gateway = await testGateway(own, folder, testClock(NOW));
  woken = [];
  outbox = openOutbox(3);
});

afterEach(async () => {
  await gateway.close();
  await rm(folder, { recursive: true });
});

function openOutbox(capacity: number): Outbox {
  const { store, clock, log, region, newId } = gateway;
  const onEnqueued = (peer: string) => void woken.push(peer);
  return new Outbox({ store, clock, log, region, suite: own.signing.suite, newId, capacity, onEnqueued });
}

function enqueue(changes: Partial<Outgoing> = {}) {
  const outgoing = { peer: PEER, conversation: CASE, name: 'Ping', payload: { note: '你好' }, ...changes } as const;
  return gateway.store.write((tx) => outbox.enqueue(tx, outgoing));
}

async function pending() {
  return outbox.pendingAfter(PEER, 0, 100);
}

async function counts() {
  const [rows, entries, conversations] = await Promise.all(
    ['outbox', 'log_entry', 'conversation'].map((table) => gateway.store.read.all(`SELECT * FROM ${table}`)),
  );
  return { outbox: rows!.length, log: entries!.length, conversations: conversations!.length };
}

describe('an envelope that is taken', () => {
  it('is fixed, logged and waits; the peer is told of', async () => {
    const { id, sequence, sentAt } = await enqueue();
    expect({ sequence, sentAt }).toEqual({ sequence: 1, sentAt: NOW });
    expect(woken).toEqual([PEER]);
    expect(outbox.pending(PEER)).toBe(1);
    const [row] = await pending();
    expect(decode('EnvelopeHeader', row!.header)).toMatchObject({
      id,
      type: 'tongban.v1.Ping',
      sender: '320600',
      recipient: PEER,
      conversation: CASE,
      sequence: 1,
      sentAt: NOW,
      expiresAt: NOW + LIMITS.lifetimeMs,
      suite: 'ES256',
    });
    expect(decode('Ping', row!.payload)).toEqual({ note: '你好' });
    expect(await counts()).toEqual({ outbox: 1, log: 1, conversations: 1 });
  });

  it('has the next number of its conversation and peer', async () => {
    const taken = [enqueue(), enqueue({ conversation: OTHER }), enqueue(), enqueue({ peer: '350500' })];
    expect((await Promise.all(taken)).map(({ sequence }) => sequence)).toEqual([1, 1, 2, 1]);
    expect([outbox.pending(PEER), outbox.pending('350500')]).toEqual([3, 1]);
  });

  it('leaves no gap when its unit of work is undone', async () => {
    await enqueue();
    const undone = gateway.store.write(async (tx) => {
      await outbox.enqueue(tx, { peer: PEER, conversation: CASE, name: 'Ping', payload: { note: '' } });
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(outbox.pending(PEER)).toBe(1);
    expect(woken).toHaveLength(1);
    expect((await enqueue()).sequence).toBe(2);
  });

  it('is still there after a restart', async () => {
    await enqueue();
    await enqueue();
    await gateway.close();
    gateway = await testGateway(own, folder, testClock(NOW));
    outbox = openOutbox(3);
    await outbox.start();
    expect(outbox.pending(PEER)).toBe(2);
    expect((await pending()).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect((await enqueue()).sequence).toBe(3);
  });
});

describe('nothing is stored', () => {
  it('when too many wait for the peer', async () => {
    for (let n = 0; n < 3; n += 1) await enqueue();
    const before = await counts();
    await expect(enqueue()).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    await expect(enqueue({ conversation: OTHER })).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
    expect(await counts()).toEqual(before);
    await enqueue({ peer: '350500' });
    await settle('');
    expect((await enqueue()).sequence).toBe(4);
  });

  it('when the payload is against the rules of its type; every wrong field is named', async () => {
    const wrong = enqueue({ name: 'CaseRated', payload: { score: 9, comment: 'x'.repeat(2000), ratedAt: NOW } });
    await expect(wrong).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      problems: [{ pointer: '/score' }, { pointer: '/comment' }],
    });
    expect(await counts()).toEqual({ outbox: 0, log: 0, conversations: 0 });
  });

  it('when the message would be larger than 1 MiB', async () => {
    const items = Array.from({ length: 100 }, (_, n) => ({
      material: `${n}${'材'.repeat(190)}`,
      reason: '缺'.repeat(500),
      legalBasis: '法'.repeat(500),
    }));
    const handler = { organisation: '机关', window: '', staff: '1' };
    const form = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`字段${n}`, '长'.repeat(4000)]));
    const large = enqueue({ name: 'CaseTransfer', payload: { ...payloadSamples.CaseTransfer, form } });
    await expect(large).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    expect(await counts()).toEqual({ outbox: 0, log: 0, conversations: 0 });
    const payload = { notice: '补1', items, deadline: NOW, way: '窗口', handler };
    expect((await enqueue({ name: 'SupplementRequested', payload })).sequence).toBe(1);
  });
});

/** Settles the oldest pending envelope. @returns whether it was still open */
async function settle(code: string, position?: number): Promise<boolean> {
  const at = position ?? (await pending())[0]!.position;
  return gateway.store.write(async (tx) => {
    const group = await keepGroup(tx, 'root', [Buffer.alloc(32)]);
    const place = { group, index: 0 };
    const receipt = { code, body: Buffer.from('receipt'), logPosition: 99, sealedIn: place, receiptIn: place };
    return outbox.settle(tx, { position: at, peer: PEER }, receipt);
  });
}

describe('a verdict', () => {
  it.each([
    ['', 'accepted'],
    ['ILLEGAL_TRANSITION', 'rejected'],
  ])('with the code "%s" closes its envelope once: %s', async (code, state) => {
    await enqueue();
    const [{ position } = { position: 0 }] = await pending();
    expect(await settle(code, position)).toBe(true);
    expect(await settle('SEQUENCE_USED', position)).toBe(false);
    expect(outbox.pending(PEER)).toBe(0);
    expect(await pending()).toEqual([]);
    expect(await gateway.store.read.all('SELECT state, code, settled_at FROM outbox')).toEqual([
      { state, code, settled_at: NOW },
    ]);
  });
});

describe('an envelope that expired', () => {
  it('is replaced by a Skip with the same number, once, even when nothing more may wait', async () => {
    for (let n = 0; n < 3; n += 1) await enqueue();
    const [first] = await pending();
    expect(await gateway.store.write((tx) => outbox.skip(tx, PEER, first!))).toBe(true);
    expect(await gateway.store.write((tx) => outbox.skip(tx, PEER, first!))).toBe(false);
    expect(outbox.pending(PEER)).toBe(3);
    const inOrder = await outbox.pendingOf(PEER, CASE, Number.MAX_SAFE_INTEGER, 10);
    expect(inOrder.map(({ type, sequence }) => `${type} ${sequence}`)).toEqual(['Skip 1', 'Ping 2', 'Ping 3']);
    expect(decode('Skip', inOrder[0]!.payload)).toEqual({ expiredEnvelopeId: first!.id });
    expect(inOrder[0]!.id).not.toBe(first!.id);
    expect(await gateway.store.read.get('SELECT state, code FROM outbox WHERE position = ?', first!.position)).toEqual({
      state: 'expired',
      code: 'EXPIRED',
    });
  });
});

it('finds what waits by the index of what waits, however much was sent before', async () => {
  const plan = async (text: string, ...values: (string | number)[]) =>
    (await gateway.store.read.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values)).map(
      ({ detail }) => detail,
    );
  const waiting = "FROM outbox WHERE peer = ? AND state = 'pending' AND position > ? ORDER BY position LIMIT ?";
  expect(await plan(`SELECT position, troubled_at ${waiting}`, PEER, 0, 256)).toEqual([
    'SEARCH outbox USING INDEX outbox_pending (peer=? AND position>?)',
  ]);
  const before = `SELECT 1 FROM outbox
    WHERE conversation = ? AND sequence < ? AND peer = ? AND state IN ('pending', 'dead')`;
  expect(await plan(before, CASE, 9, PEER)).toEqual([
    'SEARCH outbox USING INDEX outbox_conversation (conversation=? AND sequence<?)',
  ]);
});
