import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCheckpoint, signEpochOpening, verifyCheckpoint } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { type LogSide, logSide, onTheWire, show } from '../testing/log-side.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { verifyLog } from './verify-log.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const [OWNER, WITNESS, THIRD] = ['320600', '150626', '350500'] as const;

const regions: Record<string, ThrowawayRegion> = {};
let folder: string;
let clock: TestClock;
let owner: LogSide;
let witness: LogSide;

beforeAll(async () => {
  for (const code of [OWNER, WITNESS, THIRD]) regions[code] = await throwawayRegion(code, { now: NOW });
});

/** An owner with a backup of 25 entries, of which the witness saw 20; it went on to 40, and the witness saw that too. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-restored-'));
  clock = testClock(NOW);
  witness = await opened(WITNESS, 'witness');
  owner = await opened(OWNER, 'owner');
  await owner.grow(20);
  await show(owner, witness, clock);
  await owner.grow(5);
  await owner.close();
  await cp(join(folder, 'owner'), join(folder, 'backup'), { recursive: true });
  owner = await opened(OWNER, 'owner');
  await owner.grow(15, 'lost later');
  await show(owner, witness, clock);
  expect(parseCheckpoint(await held()).size).toBe(40);
  await owner.close();
});

afterEach(async () => {
  await owner.close();
  await witness.close();
  await rm(folder, { recursive: true });
});

function opened(code: string, name: string, restored = false): Promise<LogSide> {
  const own = regions[code]!;
  return logSide(own, join(folder, name), clock, Object.values(regions), own.log, restored);
}

async function held(): Promise<string> {
  const row = await witness.store.read.get<{ note: string }>(
    'SELECT note FROM peer_checkpoint WHERE region = ?',
    OWNER,
  );
  return row!.note;
}

/** What the witness makes of a frame of the owner that says this. */
async function shown(frame: { opening?: string; growth?: readonly object[] }): Promise<void> {
  clock.at += 60_000;
  await witness.checkpoints.take(regions[OWNER]!.statement, onTheWire({ note: owner.log.checkpoint, ...frame }));
}

describe('a log that was restored from a backup', () => {
  beforeEach(async () => {
    owner = await opened(OWNER, 'backup', true);
  });

  it('goes on in a new epoch with the leaves of the backup, under a note of its own', async () => {
    const { epoch, size, root } = verifyCheckpoint(owner.log.checkpoint, regions[OWNER]!.statement, clock.at);
    expect({ epoch, size }).toEqual({ epoch: 2, size: 25 });
    expect(await owner.log.contains({ region: OWNER, epoch: 1, size: 25, root })).toBe(true);
    const lost = parseCheckpoint(await held());
    expect(await owner.log.contains(lost)).toBe(false);
  });

  it('is taken by the witness that it cites, which is told, and both logs verify', async () => {
    const cited = await held();
    const text = await owner.log.openingFor(WITNESS, cited);
    expect(await owner.log.openingFor(WITNESS, cited)).toBe(text);
    await owner.grow(3, 'after the restore');
    await show(owner, witness, clock);
    expect(witness.alarms).toEqual([`restored ${OWNER} ${OWNER}`]);
    expect(owner.alarms).toEqual([]);
    expect(parseCheckpoint(await held())).toMatchObject({ epoch: 2, size: owner.log.size });
    await owner.grow(3, 'and on');
    await show(owner, witness, clock);
    expect(parseCheckpoint(await held())).toMatchObject({ epoch: 2, size: owner.log.size });
    expect(witness.alarms).toHaveLength(1);
    const { faults, epoch } = await verifyLog(owner.store.read, regions[OWNER]!.statement);
    // The entries of these tests have no records; everything else fits.
    expect(faults.filter(({ message }) => !message.startsWith('no record answers'))).toEqual([]);
    expect(epoch).toBe(2);
  });

  it('is asked for proof from a state that the witness remembers, when it names none', async () => {
    const opening = await owner.log.openingFor(WITNESS, await held());
    await owner.log.integrate();
    const before = await held();
    await shown({ opening });
    expect(witness.alarms).toEqual([]);
    expect(await held()).toBe(before);
    await shown({ opening, growth: [{ size: 20, proof: await owner.log.consistency(20) }] });
    expect(witness.alarms).toEqual([`restored ${OWNER} ${OWNER}`]);
  });

  it('does not verify when what was signed about the epoch is taken away', async () => {
    await owner.log.openingFor(WITNESS, await held());
    await owner.log.integrate();
    await owner.store.write((tx) => tx.run('DELETE FROM log_opening'));
    const { faults, size } = await verifyLog(owner.store.read, regions[OWNER]!.statement);
    expect(faults.map(({ where }) => where)).toContain(`log_entry/${size}`);
  });
});

describe('a new epoch is a forgery to the witness', () => {
  beforeEach(async () => {
    owner = await opened(OWNER, 'backup', true);
    await owner.grow(3, 'forged');
  });

  const opening = (changes: object, signer = regions[OWNER]!.log, peer: string = WITNESS) =>
    held().then((cites) =>
      signEpochOpening(signer, { region: OWNER, peer }, { epoch: 2, kept: 25, cites, ...changes }, clock.at),
    );

  async function expectRefused(kind: string, text: string): Promise<void> {
    const good = await held();
    await shown({ opening: text, growth: [{ size: 20, proof: await owner.log.consistency(20) }] });
    expect(witness.alarms).toEqual([`${kind} ${OWNER} ${OWNER}`]);
    expect(await held()).toBe(good);
  }

  it('when nothing was signed about it', () => expectRefused('restarted', ''));
  it('when it cites a state that is not the newest', async () =>
    expectRefused('restarted', await opening({ cites: owner.log.checkpoint })));
  it('when it is about another epoch', async () => expectRefused('restarted', await opening({ epoch: 3 })));
  it('when it was said to somebody else', async () =>
    expectRefused('restarted', await opening({}, regions[OWNER]!.log, THIRD)));
  it('when another key signed it', async () => expectRefused('restarted', await opening({}, regions[THIRD]!.log)));
  it('when it is smaller than what it says it kept', async () =>
    expectRefused('shortened', await opening({ kept: 39 })));

  it('when what it kept is not what was seen', async () => {
    await owner.store.write(async (tx) => {
      for (const table of ['log_entry', 'log_run', 'log_node', 'log_state', 'log_epoch'])
        await tx.run(`DELETE FROM ${table}`);
    });
    await owner.close();
    owner = await opened(OWNER, 'backup');
    await owner.grow(30, 'rewritten');
    await owner.close();
    owner = await opened(OWNER, 'backup', true);
    await expectRefused('rewritten', await opening({ epoch: owner.log.epoch }));
  });
});
