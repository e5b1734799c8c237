import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PayloadName, typeName } from '#proto';
import type { VerifiedEnvelope } from '#trust';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store, Transaction } from '../store/store.ts';
import { heldConversations } from './held-conversations.ts';
import { RecoveryGate } from './recovery-gate.ts';
import { recoveryTable } from './recovery-table.ts';

const [PEER, OTHER] = ['150626', '110000'] as const;
const TALK = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const NEW = '2f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
const EPOCH = 2;
const ACT = { by: 'wang', reason: '对端已撤销' };

let folder: string;
let store: Store;
let gate: RecoveryGate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-gate-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  gate = new RecoveryGate(() => EPOCH);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function changed(work: (tx: Transaction) => Promise<unknown>): Promise<void> {
  await store.write(async (tx) => void (await work(tx)));
  await gate.load(store.read);
}

/** Code with which sending is refused; empty when it is not. */
async function sending(peer: string, conversation = TALK, epoch = 1): Promise<string> {
  try {
    await store.write((tx) => gate.demandSending(tx, { peer, conversation, epoch }));
    return '';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function deciding(sender: string, conversation = TALK, sequence = 1, name: PayloadName = 'Ping'): Promise<boolean> {
  const header = { sender, conversation, sequence, type: typeName(name) } as VerifiedEnvelope['header'];
  return store.write((tx) => gate.mayDecide(tx, header));
}

describe('a store that was never restored', () => {
  it('closes nothing', async () => {
    await gate.load(store.read);
    expect(await sending(PEER)).toBe('');
    expect(await deciding(PEER)).toBe(true);
    expect(gate.closedFor(PEER)).toBeUndefined();
  });
});

describe('a restored store', () => {
  beforeEach(() =>
    changed(async (tx) => {
      await recoveryTable.set(tx, 'recovering', 1, 1);
      await recoveryTable.askAll(tx, [PEER, OTHER], 1);
    }),
  );

  it('exchanges nothing with a peer until that has answered', async () => {
    expect(await sending(PEER, TALK, EPOCH)).toBe('RESTORE_PENDING');
    expect(await deciding(PEER)).toBe(false);
    await changed((tx) => recoveryTable.done(tx, PEER, 2));
    expect([await sending(PEER), await deciding(PEER), gate.closedFor(PEER)]).toEqual(['', true, undefined]);
    expect(await sending(OTHER)).toBe('RESTORE_PENDING');
  });

  it('begins only new conversations with a peer that is not waited for', async () => {
    await changed(async (tx) => {
      await tx.run('INSERT INTO conversation (id, peer) VALUES (?, ?)', TALK, PEER);
      await recoveryTable.skip(tx, PEER, ACT, 2);
    });
    expect([await sending(PEER, TALK, EPOCH), await sending(PEER, TALK, 1), await deciding(PEER)]).toEqual([
      '',
      'RESTORE_PENDING',
      false,
    ]);
    // One that went on after the backup is as old, though unknown here.
    expect([await deciding(PEER, NEW, 2), await deciding(PEER, NEW, 1, 'CaseAccepted')]).toEqual([false, false]);
    expect([await deciding(PEER, NEW), await deciding(PEER, NEW, 2, 'CaseAccepted')]).toEqual([true, true]);
    expect(await store.read.all('SELECT id, epoch FROM conversation ORDER BY epoch')).toEqual([
      { id: TALK, epoch: 0 },
      { id: NEW, epoch: EPOCH },
    ]);
    expect(await deciding(OTHER, NEW)).toBe(false);
    expect(gate.mustAsk(PEER)).toBe(true);
    expect(await store.write((tx) => recoveryTable.skip(tx, PEER, ACT, 3))).toBe(false);
  });

  it('holds a conversation that is not whole until somebody releases it', async () => {
    const held = { conversation: TALK, peer: PEER, code: '', envelope: 'e', type: 'CaseNote', notedAt: 2 } as const;
    await changed(async (tx) => {
      await recoveryTable.done(tx, PEER, 2);
      await heldConversations.hold(tx, { ...held, reason: 'own-act' });
      await heldConversations.hold(tx, { ...held, reason: 'gap', notedAt: 3 });
    });
    expect(await heldConversations.list(store.read, 10)).toEqual([{ ...held, reason: 'own-act' }]);
    expect([await sending(PEER), await deciding(PEER)]).toEqual(['CONVERSATION_HELD', false]);
    const another = '1f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';
    expect([await sending(PEER, another), await deciding(PEER, another)]).toEqual(['', true]);
    await changed((tx) => heldConversations.release(tx, TALK, ACT, 4));
    expect([await sending(PEER), await deciding(PEER)]).toEqual(['', true]);
  });
});

describe('a store that was put back in silence', () => {
  it('exchanges nothing with anybody, and says so again after a restart', async () => {
    await changed((tx) => recoveryTable.set(tx, 'put-back', 1));
    const again = new RecoveryGate(() => EPOCH);
    await again.load(store.read);
    for (const one of [gate, again]) expect(one.closedFor(OTHER)).toBe('STORE_PUT_BACK');
    expect([await sending(OTHER, TALK, EPOCH), await deciding(OTHER)]).toEqual(['STORE_PUT_BACK', false]);
  });
});
