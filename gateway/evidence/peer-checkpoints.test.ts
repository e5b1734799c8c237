import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { parseCheckpoint, type Signer, signCheckpoint, verifyCheckpoint, verifyCosignature } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { deliver, type LogSide, logSide, onTheWire, show, shownBy } from '../testing/log-side.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const [NANTONG, UXIN, QUANZHOU] = ['320600', '150626', '350500'] as const;
/** Who shows its log in most tests. */
const OWNER = NANTONG;

const regions: Record<string, ThrowawayRegion> = {};
let folder: string;
let clock: TestClock;
let open: LogSide[];
let owner: LogSide;
let witness: LogSide;

beforeAll(async () => {
  for (const code of [NANTONG, UXIN, QUANZHOU]) regions[code] = await throwawayRegion(code, { now: NOW });
  // Chengdu keeps its log under SM3.
  regions['510100'] = await throwawayRegion('510100', { suite: 'SM2-SM3', now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-witness-'));
  clock = testClock(NOW);
  open = [];
  owner = await side(OWNER);
  witness = await side(UXIN);
});

afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  await rm(folder, { recursive: true });
});

async function side(code: string, name = code, signer?: Signer): Promise<LogSide> {
  const opened = await logSide(regions[code]!, join(folder, name), clock, Object.values(regions), signer);
  open.push(opened);
  return opened;
}

async function closed(one: LogSide): Promise<void> {
  open.splice(open.indexOf(one), 1);
  await one.close();
}

/** Newest state of the owner's log that a side holds. */
async function heldBy(one: LogSide): Promise<string | undefined> {
  const row = await one.store.read.get<{ note: string }>('SELECT note FROM peer_checkpoint WHERE region = ?', OWNER);
  return row?.note;
}

const alarmsIn = ({ store }: LogSide) =>
  store.read.all<{ region: string; kind: string; via: string; held: string; shown: string; times: number }>(
    'SELECT region, kind, via, held, shown, times FROM log_alarm ORDER BY kind',
  );

describe('a log that grows', () => {
  it('is countersigned each time, and both sides keep it', async () => {
    for (const entries of [5, 1, 300]) {
      await owner.grow(entries);
      expect(await show(owner, witness, clock)).toBe(2);
      expect(await heldBy(witness)).toBe(owner.log.checkpoint);
    }
    const rows = await owner.store.read.all<{ size: number; note: string; line: string; at: number }>(
      'SELECT size, note, line, at FROM cosignature WHERE witness = ? ORDER BY size',
      UXIN,
    );
    expect(rows.map(({ size }) => size)).toEqual([5, 6, 306]);
    for (const { note, line, at } of rows)
      expect(verifyCosignature(note, line, regions[UXIN]!.statement)).toEqual({ witness: UXIN, at });
    expect(rows.map(({ at }) => at)).toEqual([NOW + 60_000, NOW + 120_000, NOW + 180_000]);
    expect([...owner.alarms, ...witness.alarms, ...owner.badFrames, ...witness.badFrames]).toEqual([]);
  });

  it('may stand still: the first countersignature stays', async () => {
    await owner.grow(5);
    await show(owner, witness, clock);
    const [first] = await owner.store.read.all('SELECT * FROM cosignature');
    await show(owner, witness, clock);
    expect(await owner.store.read.all('SELECT * FROM cosignature')).toEqual([first]);
    expect(await witness.store.read.all('SELECT received_at FROM peer_checkpoint')).toEqual([
      { received_at: NOW + 120_000 },
    ]);
  });

  it('is shown at most once a minute, and never while it is empty', async () => {
    expect(owner.checkpoints.due(regions[UXIN]!.statement)).toBeUndefined();
    await owner.grow(1);
    clock.at += 60_000;
    await shownBy(owner, witness);
    await owner.grow(1);
    clock.at += 59_999;
    for (let n = 0; n < 5; n += 1) {
      expect(owner.checkpoints.due(regions[UXIN]!.statement)).toBeUndefined();
      await new Promise(setImmediate);
    }
    clock.at += 1;
    expect(parseCheckpoint((await shownBy(owner, witness)).note).size).toBe(2);
  });

  it('may be kept under SM3, and be witnessed by regions of other suites', async () => {
    const national = await side('510100');
    await national.grow(300);
    await show(national, witness, clock);
    await national.grow(5);
    await show(national, witness, clock);
    await owner.grow(3);
    await show(owner, national, clock);
    expect(await national.store.read.all('SELECT size FROM cosignature')).toEqual([{ size: 300 }, { size: 305 }]);
    expect(await owner.store.read.all('SELECT witness FROM cosignature')).toEqual([{ witness: '510100' }]);
    expect([...national.alarms, ...witness.alarms, ...owner.alarms]).toEqual([]);
  });

  it('catches up at once when an answer was lost', async () => {
    await owner.grow(5);
    clock.at += 60_000;
    const frame = await shownBy(owner, witness);
    await witness.checkpoints.take(regions[OWNER]!.statement, frame);
    await owner.grow(5);
    // The owner thinks that nobody saw it: it is told, and shows once more with the proof.
    expect(await show(owner, witness, clock)).toBe(4);
    expect(await heldBy(witness)).toBe(owner.log.checkpoint);
    expect(await owner.store.read.all('SELECT size FROM cosignature ORDER BY size')).toEqual([
      { size: 5 },
      { size: 10 },
    ]);
    expect(witness.alarms).toEqual([]);
  });

  it('goes on after a restart of either side', async () => {
    await owner.grow(5);
    await show(owner, witness, clock);
    await closed(owner);
    await closed(witness);
    owner = await side(OWNER);
    witness = await side(UXIN);
    await owner.grow(5);
    expect(await show(owner, witness, clock)).toBe(2);
    expect(await heldBy(witness)).toBe(owner.log.checkpoint);
    expect([...owner.alarms, ...witness.alarms]).toEqual([]);
  });

  it('is not countersigned by a signer that fails, but still watched, and countersigned when it is back', async () => {
    let away = true;
    const { log } = regions[UXIN]!;
    const sign: Signer['sign'] = (data) => (away ? Promise.reject(new Error('away')) : log.sign(data));
    const frail = await side(UXIN, 'frail', { ...log, sign });
    await owner.grow(5);
    await show(owner, frail, clock);
    expect(frail.errors).toHaveLength(1);
    expect(await heldBy(frail)).toBe(owner.log.checkpoint);
    expect(await owner.store.read.all('SELECT * FROM cosignature')).toEqual([]);
    away = false;
    await show(owner, frail, clock);
    expect(await owner.store.read.all('SELECT size FROM cosignature')).toEqual([{ size: 5 }]);
  });

  it('does not wait for a signer that never answers', async () => {
    const { log } = regions[UXIN]!;
    const stuck = await side(UXIN, 'stuck', { ...log, sign: () => new Promise(() => {}) });
    await owner.grow(5);
    expect(await show(owner, stuck, clock)).toBe(2);
    expect(await heldBy(stuck)).toBe(owner.log.checkpoint);
  });
});

describe('the log that a peer shows, once it was changed, raises an alarm, is not countersigned, and the good state stays:', () => {
  /** The owner's log is another one from now on, under the same keys. */
  async function replaceBy(entries: number, seed: string, copyOf?: string): Promise<string> {
    const good = (await heldBy(witness))!;
    await closed(owner);
    if (copyOf) await cp(join(folder, copyOf), join(folder, 'replaced'), { recursive: true });
    owner = await side(OWNER, 'replaced');
    await owner.grow(entries, seed);
    return good;
  }

  async function expectForked(kind: string, good: string): Promise<void> {
    expect(witness.alarms).toContain(`${kind} ${OWNER} ${OWNER}`);
    expect(await heldBy(witness)).toBe(good);
    const [alarm] = await alarmsIn(witness);
    expect(alarm).toMatchObject({ region: OWNER, kind, held: good });
    // Both signed by the owner: this pair is what there is to show to others.
    for (const note of [alarm!.held, alarm!.shown]) verifyCheckpoint(note, regions[OWNER]!.statement);
    const sizes = await owner.store.read.all<{ size: number }>('SELECT size FROM cosignature');
    expect(sizes.map(({ size }) => size).every((size) => size <= parseCheckpoint(good).size)).toBe(true);
    expect(await witness.store.read.all('SELECT note FROM witnessed_note WHERE region = ?', OWNER)).toEqual([
      { note: good },
    ]);
  }

  beforeEach(async () => {
    await owner.grow(20);
    await show(owner, witness, clock);
  });

  it('shortened', async () => {
    const good = await replaceBy(8, 'honest');
    await show(owner, witness, clock);
    await expectForked('shortened', good);
    expect(owner.alarms).toContain(`shortened ${OWNER} ${UXIN}`);
  });

  it('rewritten at the same size', async () => {
    const good = await replaceBy(20, 'rewritten');
    await show(owner, witness, clock);
    await expectForked('rewritten', good);
    expect(owner.alarms).toContain(`rewritten ${OWNER} ${UXIN}`);
  });

  it('rewritten and larger', async () => {
    const good = await replaceBy(30, 'rewritten');
    await show(owner, witness, clock);
    await expectForked('rewritten', good);
    expect(owner.alarms).toContain(`rewritten ${OWNER} ${UXIN}`);
  });

  it('rewritten and larger, by a store that remembers the countersignature', async () => {
    const good = (await heldBy(witness))!;
    await owner.store.write(async (tx) => {
      for (const table of ['log_entry', 'log_run', 'log_node', 'log_state']) await tx.run(`DELETE FROM ${table}`);
    });
    await closed(owner);
    owner = await side(OWNER);
    await owner.grow(30, 'rewritten');
    // It proves growth from the size that the witness holds, and cannot.
    await show(owner, witness, clock);
    await expectForked('rewritten', good);
  });

  it('never proved, by an owner that plays ignorant', async () => {
    const good = (await heldBy(witness))!;
    const root = Buffer.alloc(32, 7);
    for (const size of [40, 50, 60]) {
      expect(witness.alarms).toEqual([]);
      clock.at += 60_000;
      const note = await signCheckpoint(regions[OWNER]!.log, { region: OWNER, epoch: 1, size, root });
      const answer = await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note }));
      expect(answer).toMatchObject({ note: good });
    }
    await expectForked('unproven', good);
  });

  it('begun anew by an owner that does not say what it follows', async () => {
    const good = (await heldBy(witness))!;
    const state = { region: OWNER, epoch: 2, size: 3, root: Buffer.alloc(32, 2) };
    const second = await signCheckpoint(regions[OWNER]!.log, state);
    clock.at += 60_000;
    await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note: second }));
    await expectForked('restarted', good);
  });

  it('and the alarm is kept once with both notes, however often it is seen', async () => {
    await replaceBy(30, 'rewritten');
    for (let n = 0; n < 4; n += 1) {
      await show(owner, witness, clock);
      await owner.grow(1, 'rewritten');
    }
    const alarms = await alarmsIn(witness);
    expect(alarms).toHaveLength(1);
    expect(alarms[0]!.times).toBeGreaterThanOrEqual(4);
    expect(parseCheckpoint(alarms[0]!.shown).size).toBe(30);
  });

  it('also when two states that both continue the good one come at once', async () => {
    const second = await side(OWNER, 'second');
    await second.grow(20);
    const frameOf = async ({ log }: LogSide) =>
      onTheWire({ note: log.checkpoint, growth: [{ size: 20, proof: await log.consistency(20) }] });
    await owner.grow(3, 'for the one');
    await second.grow(4, 'for the other');
    const frames = [await frameOf(owner), await frameOf(second)];
    const take = (frame: messages.Checkpoint) => witness.checkpoints.take(regions[OWNER]!.statement, frame);
    await Promise.all(frames.map(take));
    expect(await heldBy(witness)).toBe(owner.log.checkpoint);
    const rows = await witness.store.read.all<{ size: number }>('SELECT size FROM witnessed_note ORDER BY size');
    expect(rows.map(({ size }) => size)).toEqual([20, 23]);
  });

  it('also for a witness that was restarted meanwhile', async () => {
    const good = await replaceBy(30, 'rewritten');
    await closed(witness);
    witness = await side(UXIN);
    await show(owner, witness, clock);
    await expectForked('rewritten', good);
  });
});

describe('a frame that cannot be taken', () => {
  const stranger = async () => (await throwawayRegion(OWNER, { now: NOW })).log;
  const state = { region: OWNER, epoch: 1, size: 40, root: Buffer.alloc(32, 7) };

  it.each([
    ['signed by nobody we know', 'KEY_UNKNOWN', async () => ({ note: await signCheckpoint(await stranger(), state) })],
    ['of no log', 'CHECKPOINT_INVALID', async () => ({ note: 'hello' })],
    [
      'of a third region',
      'CHECKPOINT_INVALID',
      async () => ({ note: await signCheckpoint(regions[QUANZHOU]!.log, { ...state, region: QUANZHOU }) }),
    ],
    ['altered', 'CHECKPOINT_INVALID', async () => ({ note: (await good()).replace('\n40\n', '\n41\n') })],
    ['with a proof too long', 'CHECKPOINT_INVALID', async () => ({ note: await good(), growth: [longProof] })],
    [
      'with too many proofs',
      'CHECKPOINT_INVALID',
      async () => ({ note: await good(), growth: Array(9).fill({ size: 1, proof: [] }) }),
    ],
    ['with too many notes', 'CHECKPOINT_INVALID', async () => ({ note: await good(), seen: Array(17).fill('x') })],
    ['with a note too long', 'CHECKPOINT_INVALID', async () => ({ note: await good(), seen: ['x'.repeat(1025)] })],
    [
      'with a countersignature by another key',
      'KEY_UNKNOWN',
      async () => ({ note: witness.log.checkpoint, cosignatures: [await forged()] }),
    ],
  ] as const)('is dropped and told: %s', async (_, code, make) => {
    await witness.grow(3);
    const frame = onTheWire(await make());
    expect(await witness.checkpoints.take(regions[OWNER]!.statement, frame)).toBeUndefined();
    expect(witness.badFrames).toEqual([`${OWNER} ${code}`]);
    expect(await heldBy(witness)).toBeUndefined();
    expect(await witness.store.read.all('SELECT * FROM cosignature')).toEqual([]);
  });

  const longProof = { size: 1, proof: Array(55).fill(Buffer.alloc(32)) };
  const good = () => signCheckpoint(regions[OWNER]!.log, state);
  async function forged(): Promise<string> {
    const { cosignCheckpoint } = await import('#trust');
    return cosignCheckpoint(regions[QUANZHOU]!.log, OWNER, witness.log.checkpoint, NOW);
  }

  it('is not answered when a peer shows too often', async () => {
    await owner.grow(1);
    const { checkpoint: note } = owner.log;
    const answers: unknown[] = [];
    for (let n = 0; n < 5; n += 1)
      answers.push(await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note })));
    expect(answers.map((answer) => answer !== undefined)).toEqual([true, true, true, false, false]);
  });

  it('is not even looked at when there are very many', async () => {
    for (let n = 0; n < 50; n += 1) await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note: 'x' }));
    expect(witness.badFrames).toHaveLength(12);
    clock.at += 60_000;
    await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note: 'x' }));
    expect(witness.badFrames).toHaveLength(13);
  });
});

describe('what two peers saw of a third', () => {
  let other: LogSide;

  beforeEach(async () => {
    other = await side(QUANZHOU);
    await other.grow(1);
    await witness.grow(1);
  });

  /** Everybody shows everybody its log, some minutes long. */
  async function minutes(count: number, pairs: readonly (readonly [LogSide, LogSide])[]): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      clock.at += 60_000;
      for (const [from, to] of pairs) {
        await deliver(from, to, await shownBy(from, to));
        await deliver(to, from, await shownBy(to, from));
      }
    }
  }

  it('fits when the log is one, whatever sizes they saw', async () => {
    for (let n = 0; n < 6; n += 1) {
      await owner.grow(3);
      await show(owner, witness, clock);
      await owner.grow(4);
      await show(owner, other, clock);
      await minutes(1, [
        [witness, other],
        [owner, witness],
        [other, owner],
      ]);
    }
    expect([...owner.alarms, ...witness.alarms, ...other.alarms]).toEqual([]);
  });

  it('contradicts at the same size: both notes are proof by themselves', async () => {
    const second = await side(OWNER, 'second');
    await owner.grow(10, 'for the one');
    await second.grow(10, 'for the other');
    await show(owner, witness, clock);
    await show(second, other, clock);
    await minutes(1, [[witness, other]]);
    expect(witness.alarms).toEqual([`split-view ${OWNER} ${QUANZHOU}`]);
    expect(other.alarms).toEqual([`split-view ${OWNER} ${UXIN}`]);
    expect(await alarmsIn(witness)).toEqual([
      {
        region: OWNER,
        kind: 'split-view',
        via: QUANZHOU,
        held: owner.log.checkpoint,
        shown: second.log.checkpoint,
        times: 1,
      },
    ]);
  });

  it.each([
    ['larger', 14],
    ['smaller', 6],
  ])('contradicts when the other state is %s: its owner cannot prove both', async (_, entries) => {
    const second = await side(OWNER, 'second');
    await owner.grow(10, 'for the one');
    await second.grow(entries, 'for the other');
    await show(owner, witness, clock);
    await show(second, other, clock);
    await minutes(3, [
      [witness, other],
      [owner, witness],
      [second, other],
    ]);
    for (let n = 0; n < 5; n += 1) {
      await owner.grow(2, 'for the one');
      await minutes(1, [[owner, witness]]);
    }
    expect(witness.alarms).toContain(`split-view ${OWNER} ${QUANZHOU}`);
    expect(other.alarms).toContain(`split-view ${OWNER} ${UXIN}`);
    // Each half of the owner learns of the other half too.
    expect(owner.alarms.length).toBeGreaterThan(0);
  });

  it('contradicts in the end when the owner keeps silent about it', async () => {
    const sign = (size: number, fill: number) =>
      signCheckpoint(regions[OWNER]!.log, { region: OWNER, epoch: 1, size, root: Buffer.alloc(32, fill) });
    const take = (to: LogSide, body: object) => to.checkpoints.take(regions[OWNER]!.statement, onTheWire(body));
    const shown = await sign(10, 1);
    await take(witness, { note: shown });
    await take(other, { note: await sign(14, 2) });
    await minutes(1, [[witness, other]]);
    for (let n = 0; n < 6; n += 1) {
      clock.at += 60_000;
      await shownBy(witness, owner);
      await take(witness, { note: shown });
    }
    expect(witness.alarms).toEqual([`split-view ${OWNER} ${QUANZHOU}`]);
  });

  it('is not believed on anybody’s word: a note that its owner did not sign says nothing', async () => {
    await owner.grow(10);
    await show(owner, witness, clock);
    const forged = await signCheckpoint(regions[QUANZHOU]!.log, {
      region: QUANZHOU,
      epoch: 1,
      size: 1,
      root: Buffer.alloc(32),
    });
    const asOwner = forged.replaceAll(QUANZHOU, OWNER);
    const frame: messages.Checkpoint = onTheWire({ note: other.log.checkpoint, seen: [asOwner, 'hello', ''] });
    await witness.checkpoints.take(regions[QUANZHOU]!.statement, frame);
    expect([...witness.alarms, ...witness.badFrames]).toEqual([]);
  });
});

describe('what witnesses said is thinned as it ages', () => {
  it('to the last of each hour after a day, and of each day after ninety, and the newest stays', async () => {
    const HOUR = 3_600_000;
    const DAY = 24 * HOUR;
    const insert = (size: number, at: number) =>
      owner.store.write((tx) =>
        tx.run(
          "INSERT INTO cosignature (witness, epoch, size, note, line, at, received_at) VALUES (?, 1, ?, 'n', 'l', ?, ?)",
          UXIN,
          size,
          at,
          at,
        ),
      );
    const start = NOW - (NOW % DAY);
    clock.at = start + 200 * DAY + 30 * 60_000;
    const ages: readonly [size: number, at: number][] = [
      [1, start + HOUR],
      [2, start + 2 * HOUR],
      [3, start + 2 * HOUR + 60_000],
      [4, start + 150 * DAY + HOUR],
      [5, start + 150 * DAY + HOUR + 60_000],
      [6, start + 150 * DAY + 2 * HOUR],
      [7, clock.at - 60_000],
      [8, clock.at - 30_000],
    ];
    for (const [size, at] of ages) await insert(size, at);
    await owner.grow(9);
    await show(owner, witness, clock);
    const kept = await owner.store.read.all<{ size: number }>('SELECT size FROM cosignature ORDER BY size');
    expect(kept.map(({ size }) => size)).toEqual([3, 5, 6, 7, 8, 9]);
  });
});
