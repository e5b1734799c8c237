import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '#proto';
import { signCheckpoint } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { type LogSide, logSide } from '../testing/log-side.ts';
import { testClock } from '../testing/region-pair.ts';
import { isBehind, isForeign, marksFor } from './hello-marks.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const PEER = '150626';
const TALK = '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5';

let own: ThrowawayRegion;
let other: ThrowawayRegion;
let folder: string;
let side: LogSide;

beforeAll(async () => {
  own = await throwawayRegion('320600', { now: NOW });
  other = await throwawayRegion('110000', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-marks-'));
  side = await logSide(own, folder, testClock(NOW), [own]);
});

afterEach(async () => {
  await side.close();
  await rm(folder, { recursive: true });
});

describe('the numbers that a peer names', () => {
  const behind = (marks: readonly { conversation: string; sequence?: number; receipted?: number }[]) =>
    isBehind(
      side.store.read,
      PEER,
      marks.map((mark) => ({ sequence: 0, receipted: 0, ...mark })),
    );

  beforeEach(() =>
    side.store.write((tx) =>
      tx.run('INSERT INTO conversation (id, peer, next_out, next_in) VALUES (?, ?, 4, 3)', TALK, PEER),
    ),
  );

  it('are known here, or the store was put back', async () => {
    expect(await behind([])).toBe(false);
    expect(await behind([{ conversation: TALK, sequence: 3, receipted: 2 }])).toBe(false);
    expect(await behind([{ conversation: TALK, sequence: 4 }])).toBe(true);
    expect(await behind([{ conversation: TALK, receipted: 3 }])).toBe(true);
    expect(await behind([{ conversation: randomUUID(), sequence: 1 }])).toBe(true);
    expect(await behind([{ conversation: randomUUID() }])).toBe(false);
  });

  it('are few, of conversations', async () => {
    const many = Array.from({ length: LIMITS.helloMarks + 1 }, () => ({ conversation: TALK }));
    await expect(behind(many)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    await expect(behind([{ conversation: 'x' }])).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('are told of the newest conversations', async () => {
    await side.store.write((tx) =>
      tx.run(
        `INSERT INTO inbox (sender, id, conversation, sequence, type, header, leaf, expires_at, received_at, group_id,
           group_index, receipt, log_position) VALUES (?, 'id', ?, 7, 't', '', '', 1, 1, 1, 0, '', 1)`,
        PEER,
        TALK,
      ),
    );
    expect(await marksFor(side.store.read, PEER)).toEqual({
      marks: [{ conversation: TALK, sequence: 7, receipted: 0 }],
      heldNote: '',
    });
    expect(await marksFor(side.store.read, '110000')).toEqual({ marks: [], heldNote: '' });
  });
});

describe('the state of our log that a peer holds', () => {
  const foreign = (note: string) => isForeign(note, own.statement, side.log);
  const at = (epoch: number, size: number, signer = own.log) =>
    signCheckpoint(signer, { region: '320600', epoch, size, root: Buffer.alloc(32, 7) });

  it('is one that it was in, or the store was put back', async () => {
    await side.grow(5);
    const before = side.log.checkpoint;
    await side.grow(5);
    expect([await foreign(''), await foreign(before), await foreign(side.log.checkpoint)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([await foreign(await at(1, 20)), await foreign(await at(1, 5)), await foreign(await at(2, 1))]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('says nothing when we did not sign it, or a newer epoch of ours followed it', async () => {
    await side.grow(5);
    expect(await foreign(await at(1, 20, other.log))).toBe(false);
    expect(await foreign('no note')).toBe(false);
    await side.close();
    side = await logSide(own, folder, testClock(NOW), [own], own.log, true);
    expect(await foreign(await at(1, 20))).toBe(false);
  });
});
