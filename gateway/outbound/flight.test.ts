import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { receiptBody, sealReceipts } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { verifyLog } from '../evidence/verify-log.ts';
import { type Receiver, receiver } from '../testing/receiver.ts';
import { pinEachOther, type TestGateway, testClock, testGateway } from '../testing/region-pair.ts';
import { land, settle as settleAt, fly as takeOff } from '../testing/sender.ts';
import type { Settled, SettleHandler } from './context.ts';
import { type Flight, isExpired, readAnswer } from './flight.ts';
import type { PendingEnvelope } from './outbox.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const CASE = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

const made: Record<string, ThrowawayRegion> = {};
let folder: string;
let nantong: TestGateway;
let uxin: TestGateway;
let door: Receiver;
let settled: Settled[];

beforeAll(async () => {
  for (const code of ['320600', '150626', '350500']) made[code] = await throwawayRegion(code, { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-flight-'));
  nantong = await testGateway(made['320600']!, folder, testClock(NOW));
  uxin = await testGateway(made['150626']!, folder, testClock(NOW));
  await pinEachOther(nantong, uxin);
  door = receiver(uxin);
  settled = [];
});

afterEach(async () => {
  await Promise.all([nantong.close(), uxin.close()]);
  await rm(folder, { recursive: true });
});

function fly(count: number): Promise<Flight> {
  return takeOff(nantong, '150626', CASE, count);
}

function bodyOf(envelope: PendingEnvelope, changes: Partial<Parameters<typeof receiptBody>[0]> = {}): Buffer {
  return receiptBody({
    issuer: '150626',
    audience: '320600',
    envelopeId: envelope.id,
    leaf: envelope.leaf,
    conversation: envelope.conversation,
    sequence: envelope.sequence,
    code: '',
    receivedAt: NOW,
    decidedAt: NOW,
    ...changes,
  });
}

type Answered = Partial<Pick<messages.ReceiptBatch, 'deferrals' | 'refusals'>>;

/** An answer of Uxin Banner, sealed by whom the test says. */
async function answerOf(receipts: Buffer[], rest: Answered = {}, by = made['150626']!): Promise<messages.ReceiptBatch> {
  const sealed = receipts.length > 0 ? await sealReceipts(by.signing, by.region, receipts, NOW) : { signedRoot: '' };
  return { answers: 1, signedRoot: Buffer.from(sealed.signedRoot), receipts, deferrals: [], refusals: [], ...rest };
}

function deferral(leafHash: Buffer, code: string): messages.Deferral {
  return { leafHash, code, envelopeId: '', expectedSequence: 0, missingMaterials: [] };
}

function read(flight: Flight, answer: messages.ReceiptBatch) {
  return readAnswer(flight, answer, made['150626']!.statement, '320600');
}

function settle(flight: Flight, answer: messages.ReceiptBatch, onSettled: SettleHandler): Promise<string[]> {
  return settleAt(nantong, made['150626']!.statement, flight, answer, onSettled);
}

const remember: SettleHandler = async (_tx, fate) => void settled.push(fate);

function states() {
  return nantong.store.read.all('SELECT sequence, type, state, code FROM outbox ORDER BY position');
}

describe('an answer', () => {
  it('is matched to the envelopes, whatever its kind and order', async () => {
    const flight = await fly(4);
    const [a, b, c, d] = flight.envelopes as [PendingEnvelope, PendingEnvelope, PendingEnvelope, PendingEnvelope];
    const answer = await answerOf([bodyOf(c, { code: 'ILLEGAL_TRANSITION' }), bodyOf(a)], {
      deferrals: [deferral(d.leaf, 'SEQUENCE_GAP')],
      refusals: [{ leafHash: b.leaf, code: 'EXPIRED' }],
    });
    const { answers, receiptLeaves } = read(flight, answer);
    expect(answers).toMatchObject([
      { kind: 'receipt', envelope: c, index: 2, code: 'ILLEGAL_TRANSITION', receiptIndex: 0 },
      { kind: 'receipt', envelope: a, index: 0, code: '', receiptIndex: 1 },
      { kind: 'deferral', envelope: d, code: 'SEQUENCE_GAP' },
      { kind: 'refusal', envelope: b, code: 'EXPIRED' },
    ]);
    expect(receiptLeaves).toHaveLength(2);
  });

  it('defers what it leaves out, and ignores what was never sent and what is said twice', async () => {
    const flight = await fly(2);
    const [a, b] = flight.envelopes as [PendingEnvelope, PendingEnvelope];
    const answer = await answerOf([], {
      deferrals: [deferral(a.leaf, 'MATERIAL_MISSING'), deferral(Buffer.alloc(32), 'TRY_LATER')],
      refusals: [
        { leafHash: a.leaf, code: 'MALFORMED' },
        { leafHash: Buffer.alloc(32), code: 'MALFORMED' },
      ],
    });
    expect(read(flight, answer).answers).toEqual([
      { kind: 'deferral', envelope: a, code: 'MATERIAL_MISSING' },
      { kind: 'deferral', envelope: b, code: 'TRY_LATER' },
    ]);
  });

  it.each<[string, string, (a: PendingEnvelope) => Promise<messages.ReceiptBatch>]>([
    ['signed by another region', 'KEY_UNKNOWN', (a) => answerOf([bodyOf(a)], {}, made['350500'])],
    ['issued by another region', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { issuer: '350500' })])],
    ['meant for another region', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { audience: '350500' })])],
    ['for an envelope that was not sent', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { leaf: Buffer.alloc(32) })])],
    ['with another id', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { envelopeId: CASE })])],
    ['with another conversation', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { conversation: a.id })])],
    ['with another sequence', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { sequence: 9 })])],
    ['with a code that nobody knows', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a, { code: 'NO_SUCH_CODE' })])],
    ['given twice', 'RECEIPT_INVALID', (a) => answerOf([bodyOf(a), bodyOf(a)])],
    ['that is no receipt', 'RECEIPT_INVALID', () => answerOf([Buffer.from('hello')])],
    [
      'altered after sealing',
      'ROOT_MISMATCH',
      async (a) => ({ ...(await answerOf([bodyOf(a)])), receipts: [bodyOf(a, { code: 'EXPIRED' })] }),
    ],
    ['without a seal', 'JWS_INVALID', async (a) => ({ ...(await answerOf([bodyOf(a)])), signedRoot: Buffer.alloc(0) })],
  ])('with a receipt %s is not believed: %s', async (_, code, answer) => {
    const flight = await fly(1);
    const made = await answer(flight.envelopes[0]!);
    expect(() => read(flight, made)).toThrow(expect.objectContaining({ code }));
    expect(await states()).toMatchObject([{ state: 'pending' }]);
  });

  it('says EXPIRED for good only when our own clock agrees', async () => {
    const flight = await fly(1);
    const [envelope] = flight.envelopes as [PendingEnvelope];
    const [expired] = read(
      flight,
      await answerOf([], { refusals: [{ leafHash: envelope.leaf, code: 'EXPIRED' }] }),
    ).answers;
    expect(isExpired(expired!, envelope.expires_at - 1)).toBe(false);
    expect(isExpired(expired!, envelope.expires_at)).toBe(true);
    const [other] = read(
      flight,
      await answerOf([], { refusals: [{ leafHash: envelope.leaf, code: 'MALFORMED' }] }),
    ).answers;
    expect(isExpired(other!, envelope.expires_at)).toBe(false);
  });
});

describe('settling an answer', () => {
  it('closes what has its receipt, with an entry in the log, and tells the room', async () => {
    const flight = await fly(2);
    await settle(flight, await land(flight, nantong, door), remember);
    expect(await states()).toMatchObject([
      { sequence: 1, state: 'accepted', code: '' },
      { sequence: 2, state: 'accepted', code: '' },
    ]);
    expect(settled.map(({ name, code, id }) => [name, code, id])).toEqual(
      flight.envelopes.map(({ id }) => ['Ping', '', id]),
    );
    await nantong.log.integrate();
    expect(nantong.log.size).toBe(4);
    expect(nantong.outbox.pending('150626')).toBe(0);
  });

  it('is done once: the same answer again changes nothing, and no log entry lacks its record', async () => {
    const flight = await fly(2);
    const answer = await land(flight, nantong, door);
    await settle(flight, answer, remember);
    await settle(flight, answer, remember);
    expect(settled).toHaveLength(2);
    await nantong.log.integrate();
    expect(nantong.log.size).toBe(4);
    expect((await verifyLog(nantong.store.read, nantong.own.statement)).faults).toEqual([]);
  });

  it('leaves deferred envelopes waiting, and puts a Skip for an expired one', async () => {
    const flight = await fly(3);
    const [a, b] = flight.envelopes as [PendingEnvelope, PendingEnvelope];
    nantong.clock.at = a.expires_at;
    const answer = await answerOf([], {
      refusals: [{ leafHash: a.leaf, code: 'EXPIRED' }],
      deferrals: [deferral(b.leaf, 'SEQUENCE_GAP')],
    });
    const told = await settle(flight, answer, remember);
    expect(await states()).toEqual([
      { sequence: 1, type: 'Ping', state: 'expired', code: 'EXPIRED' },
      { sequence: 2, type: 'Ping', state: 'pending', code: '' },
      { sequence: 3, type: 'Ping', state: 'pending', code: '' },
      { sequence: 1, type: 'Skip', state: 'pending', code: '' },
    ]);
    expect(settled.map(({ id, code }) => [id, code])).toEqual([[a.id, 'EXPIRED']]);
    expect(told).toEqual(['deferral SEQUENCE_GAP', 'refusal EXPIRED', 'deferral TRY_LATER']);
  });

  it('keeps the receipts although a room fails with one of them, without what the room had written', async () => {
    const flight = await fly(2);
    const told = await settle(flight, await land(flight, nantong, door), async (tx, { id }) => {
      await tx.run("INSERT INTO counter (name, value) VALUES ('written', 1)");
      if (id === flight.envelopes[0]!.id) throw new Error('cannot be');
    });
    expect(await states()).toMatchObject([{ state: 'accepted' }, { state: 'accepted' }]);
    expect(told.filter((line) => line.startsWith('failed'))).toEqual(['failed Error: cannot be']);
    expect(await nantong.store.read.all('SELECT value FROM counter')).toEqual([{ value: 1 }]);
  });
});
