import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { type LogCheckpoint, signCheckpoint } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { PeerCheckpoints } from './peer-checkpoints.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');

let peer: ThrowawayRegion;
let stranger: ThrowawayRegion;
let folder: string;
let store: Store;
let alarms: [peer: string, code: string][];
let checkpoints: PeerCheckpoints;

beforeAll(async () => {
  peer = await throwawayRegion('150626', { now: NOW });
  stranger = await throwawayRegion('150626', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-checkpoints-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  alarms = [];
  checkpoints = new PeerCheckpoints({
    store,
    clock: { now: () => NOW },
    log: { checkpoint: '' },
    alarm: (...alarm) => void alarms.push(alarm),
  });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function note(size: number, changes: Partial<LogCheckpoint & { seed: string; by: ThrowawayRegion }> = {}) {
  const { seed = 'honest', by = peer, ...rest } = changes;
  const root = createHash('sha256').update(`${seed} ${size}`).digest();
  return signCheckpoint(by.log, { region: '150626', epoch: 1, size, root, ...rest });
}

function frame(text: string): messages.Checkpoint {
  return { note: text, cosignatures: [] };
}

async function kept(): Promise<string | undefined> {
  const row = await store.read.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', '150626');
  return row?.note;
}

describe('the log that a peer shows', () => {
  it('may grow, stand still, and begin a new epoch', async () => {
    const shown = [note(5), note(5), note(9), note(2, { epoch: 2 }), note(3, { epoch: 2 })];
    for (const next of shown) {
      await checkpoints.take(peer.statement, frame(await next));
      expect(await kept()).toBe(await next);
    }
    expect(alarms).toEqual([]);
    expect(await store.read.all('SELECT size, received_at FROM peer_checkpoint')).toEqual([
      { size: 3, received_at: NOW },
    ]);
  });

  it.each([
    ['is shorter than it was', () => note(8, { epoch: 2 })],
    ['has another root at the same size', () => note(9, { seed: 'rewritten', epoch: 2 })],
    ['goes back to an epoch that ended', () => note(100, { epoch: 1 })],
  ])('raises an alarm when it %s, and the newest good one stays', async (_, bad) => {
    const good = await note(9, { epoch: 2 });
    await checkpoints.take(peer.statement, frame(good));
    await checkpoints.take(peer.statement, frame(await bad()));
    expect(alarms).toEqual([['150626', 'CHECKPOINT_INVALID']]);
    expect(await kept()).toBe(good);
  });

  it.each([
    ['another key of the region', 'KEY_UNKNOWN', () => note(20, { by: stranger })],
    ['another region', 'CHECKPOINT_INVALID', () => note(20, { region: '320600' })],
    ['nobody: its size was altered', 'CHECKPOINT_INVALID', async () => (await note(20)).replace('\n20\n', '\n21\n')],
    ['nobody: it is no note', 'CHECKPOINT_INVALID', async () => 'hello'],
  ])('raises an alarm when it is signed by %s', async (_, code, bad) => {
    const good = await note(9);
    await checkpoints.take(peer.statement, frame(good));
    await checkpoints.take(peer.statement, frame(await bad()));
    expect(alarms).toEqual([['150626', code]]);
    expect(await kept()).toBe(good);
  });

  it('is remembered over a restart', async () => {
    await checkpoints.take(peer.statement, frame(await note(9)));
    await store.close();
    store = await openSqliteStore(join(folder, 'gateway.db'));
    const next = new PeerCheckpoints({
      store,
      clock: { now: () => NOW },
      log: { checkpoint: '' },
      alarm: (...alarm) => void alarms.push(alarm),
    });
    await next.take(peer.statement, frame(await note(8)));
    expect(alarms).toEqual([['150626', 'CHECKPOINT_INVALID']]);
  });
});
