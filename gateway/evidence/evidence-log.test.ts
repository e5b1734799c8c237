import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decode, logLeaf } from '#proto';
import {
  type LogCheckpoint,
  type Signer,
  suiteOf,
  verifyCheckpoint,
  verifyLogConsistency,
  verifyLogInclusion,
} from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { until } from '../testing/live-region.ts';
import { EvidenceLog } from './evidence-log.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const { hash } = suiteOf('Ed25519');

let region: ThrowawayRegion;
let folder: string;
let store: Store;
let log: EvidenceLog;
let errors: unknown[];

function openLog(options: { signer?: Signer; intervalMs?: number } = {}): EvidenceLog {
  const { signer = region.log, intervalMs = 60_000 } = options;
  const onError = (error: unknown) => void errors.push(error);
  return new EvidenceLog({ store, clock: { now: () => NOW }, region: '320600', signer, intervalMs, onError });
}

beforeAll(async () => {
  region = await throwawayRegion('320600', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-log-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  errors = [];
  log = openLog();
  await log.start();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function subjectOf(n: number): Buffer {
  return createHash('sha256').update(`subject ${n}`).digest();
}

/** Adds entries `from` to `to` (excluded). @returns their positions */
function append(from: number, to: number, into = log): Promise<number[]> {
  return store.write(async (tx) => {
    const positions: number[] = [];
    for (let n = from; n < to; n += 1) {
      const entry = { kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', subject: subjectOf(n), peer: '150626', at: NOW } as const;
      positions.push(await into.append(tx, entry));
    }
    return positions;
  });
}

/** Proves entries and verifies the proofs as a stranger would, knowing only the region's statement. */
async function demandProved(positions: readonly number[], from = log): Promise<LogCheckpoint> {
  const { checkpoint: note, proofs } = await from.prove(positions);
  const checkpoint = verifyCheckpoint(note, region.statement, NOW);
  for (const { entry, index, path } of proofs) {
    verifyLogInclusion(hash, logLeaf(hash, entry), index, checkpoint.size, path, checkpoint.root);
  }
  expect(proofs).toHaveLength(positions.length);
  return checkpoint;
}

describe('the evidence log', () => {
  it('is empty at first, without a checkpoint', () => {
    expect(log.size).toBe(0);
    expect(log.checkpoint).toBe('');
  });

  it('proves every entry under a checkpoint of its region', async () => {
    const positions = await append(0, 5);
    const checkpoint = await demandProved(positions);
    expect(checkpoint).toMatchObject({ region: '320600', epoch: 1, size: 5 });
    const { proofs } = await log.prove([positions[3]!]);
    const says = decode('LogEntry', proofs[0]!.entry);
    expect(says).toMatchObject({ version: 1, kind: 'LOG_ENTRY_KIND_ENVELOPE_SENT', peer: '150626', at: NOW });
    expect(says.subject).toEqual(subjectOf(3));
    expect(proofs[0]!.index).toBe(3);
  });

  it('proves entries of a log that is wider than one tile and one step', async () => {
    const positions = await append(0, 5000);
    const some = [0, 1, 255, 256, 257, 4095, 4096, 4999].map((n) => positions[n]!);
    expect((await demandProved(some)).size).toBe(5000);
  });

  it('integrates by itself after its interval', async () => {
    const quick = openLog({ intervalMs: 1 });
    await quick.start();
    await append(0, 3, quick);
    await until('the checkpoint', () => quick.size === 3);
    expect(verifyCheckpoint(quick.checkpoint, region.statement).size).toBe(3);
    await quick.stop();
    expect(errors).toEqual([]);
  });

  it('has no entry of a work that was undone', async () => {
    const undone = store.write(async (tx) => {
      await log.append(tx, { kind: 'LOG_ENTRY_KIND_VERDICT_GIVEN', subject: subjectOf(0), peer: '150626', at: NOW });
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    await log.integrate();
    expect(log.size).toBe(0);
    expect(await store.read.all('SELECT * FROM log_entry')).toEqual([]);
  });

  it('does not prove what it does not have', async () => {
    await append(0, 2);
    await expect(log.prove([3])).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  it('takes entries while it integrates others', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const positions = await append(n * 10, n * 10 + 10);
        await demandProved(positions);
        return positions;
      }),
    );
    expect((await demandProved(all.flat())).size).toBe(200);
  });
});

describe('two checkpoints', () => {
  it.each([
    [1, 2],
    [3, 7],
    [256, 257],
    [255, 700],
    [300, 300],
  ])('of %i and %i entries are proved to be of one growing log', async (oldSize, newSize) => {
    const older = await demandProved(await append(0, oldSize));
    const newer = newSize === oldSize ? older : await demandProved(await append(oldSize, newSize));
    const proof = await log.consistency(oldSize);
    verifyLogConsistency(hash, older.size, older.root, newer.size, newer.root, proof);
    const forged = Buffer.from(older.root);
    forged[0]! ^= 1;
    expect(() => verifyLogConsistency(hash, older.size, forged, newer.size, newer.root, proof)).toThrow(
      expect.objectContaining({ code: 'LOG_PROOF_INVALID' }),
    );
  });
});

describe('after a restart', () => {
  it('goes on where it ended, with the same proofs', async () => {
    const first = await append(0, 300);
    const before = await demandProved(first);
    await log.stop();
    await store.close();
    store = await openSqliteStore(join(folder, 'gateway.db'));
    log = openLog();
    await log.start();
    expect(log.size).toBe(300);
    const after = await demandProved([...first, ...(await append(300, 400))]);
    expect(after.size).toBe(400);
    verifyLogConsistency(hash, 300, before.root, 400, after.root, await log.consistency(300));
    expect(await store.read.all('SELECT first_index, count FROM log_run')).toEqual([{ first_index: 0, count: 400 }]);
  });

  it('integrates what a killed process had only committed', async () => {
    const positions = await append(0, 10);
    expect(log.size).toBe(0);
    const next = openLog();
    await next.start();
    expect(next.size).toBe(10);
    await demandProved(positions, next);
  });

  it.each([
    ['its right edge was changed', 'UPDATE log_state SET frontier = zeroblob(8)', undefined],
    ['its key is of another suite', 'SELECT 1', 'SM2-SM3'],
  ] as const)('does not go on when %s', async (_, change, suite) => {
    await append(0, 10);
    await log.stop();
    await store.write((tx) => tx.run(change));
    const signer = suite ? (await throwawayRegion('320600', { suite, now: NOW })).log : region.log;
    await expect(openLog({ signer }).start()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    expect(await store.read.get('SELECT size FROM log_state')).toEqual({ size: 10 });
  });

  it('adds the last entries when it stops', async () => {
    await append(0, 4);
    await log.stop();
    expect(await store.read.get('SELECT size FROM log_state')).toEqual({ size: 4 });
  });
});

describe('positions that were never used', () => {
  it('begin new runs, and every entry is still proved', async () => {
    const skipTo = (position: number) =>
      store.write((tx) => tx.run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'log_entry'", position));
    const positions = await append(0, 3);
    await log.integrate();
    await skipTo(10);
    positions.push(...(await append(3, 5)));
    await skipTo(20);
    positions.push(...(await append(5, 6)));
    await log.integrate();
    positions.push(...(await append(6, 7)));
    expect(positions).toEqual([1, 2, 3, 11, 12, 21, 22]);
    expect((await demandProved(positions)).size).toBe(7);
    expect(await store.read.all('SELECT first_index, first_position, count FROM log_run')).toEqual([
      { first_index: 0, first_position: 1, count: 3 },
      { first_index: 3, first_position: 11, count: 2 },
      { first_index: 5, first_position: 21, count: 2 },
    ]);
    await expect(log.prove([4])).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    const restarted = openLog();
    await restarted.start();
    expect((await demandProved(positions, restarted)).size).toBe(7);
  });
});

describe('a signer that fails', () => {
  it('loses nothing: the next integration covers what waited', async () => {
    let broken = true;
    const signer: Signer = {
      ...region.log,
      sign: (data) => (broken ? Promise.reject(new Error('the signer is away')) : region.log.sign(data)),
    };
    const frail = openLog({ signer, intervalMs: 1 });
    await frail.start();
    await append(0, 3, frail);
    await until('the failure', () => errors.length > 0);
    expect(frail.size).toBe(0);
    expect(await store.read.all('SELECT * FROM log_run')).toEqual([]);
    broken = false;
    const positions = await append(3, 5, frail);
    expect((await demandProved(positions, frail)).size).toBe(5);
    await frail.stop();
  });
});
