import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCheckpoint } from '#trust';
import { type ThrowawayRegion, throwawayRegion } from '../../../trust/testing/index.ts';
import { type LogSide, logSide, show } from '../../testing/log-side.ts';
import { type TestClock, testClock } from '../../testing/region-pair.ts';
import { type PublishOptions, publishLog } from './publish-log.ts';
import { tilePath } from './tile-path.ts';
import { verifyPublished } from './verify-published.ts';

const NOW = Date.parse('2026-11-20T09:00:00+08:00');
const [OWNER, WITNESS] = ['320600', '150626'] as const;

const regions: Record<string, ThrowawayRegion> = {};
let folder: string;
let out: string;
let clock: TestClock;
let owner: LogSide;
let witness: LogSide;

beforeAll(async () => {
  regions[OWNER] = await throwawayRegion(OWNER, { now: NOW });
  regions[WITNESS] = await throwawayRegion(WITNESS, { now: NOW });
  regions['510100'] = await throwawayRegion('510100', { suite: 'SM2-SM3', now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-published-'));
  out = join(folder, 'out');
  clock = testClock(NOW);
  owner = await logSide(regions[OWNER]!, join(folder, 'owner'), clock, Object.values(regions));
  witness = await logSide(regions[WITNESS]!, join(folder, 'witness'), clock, Object.values(regions));
});

afterEach(async () => {
  await Promise.all([owner.close(), witness.close()]);
  await rm(folder, { recursive: true });
});

const publish = (options?: PublishOptions, from = owner) => publishLog(from.store.read, out, options);
const verify = (seen: readonly string[] = [], without = '') =>
  verifyPublished(
    out,
    Object.values(regions)
      .filter(({ region }) => region !== without)
      .map(({ statement }) => statement),
    seen,
  );

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

describe('the place of a tile', () => {
  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 5, 256, 'tile/0/005'],
    [1, 999, 256, 'tile/1/999'],
    [0, 1000, 256, 'tile/0/x001/000'],
    [2, 1_234_067, 256, 'tile/2/x001/x234/067'],
    [0, 273, 112, 'tile/0/273.p/112'],
    ['entries', 0, 7, 'tile/entries/000.p/7'],
  ] as const)('of level %s, number %i, width %i is %s', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
  });
});

describe('a published log', () => {
  it.each([1, 255, 256, 257, 700])('of %i entries verifies from its files alone', async (size) => {
    await owner.grow(size);
    expect(await publish()).toMatchObject({ region: OWNER, epoch: 1, size, later: 0, witnesses: [] });
    expect(await verify()).toEqual({
      region: OWNER,
      epoch: 1,
      size,
      entries: 0,
      witnesses: [],
      unjudged: [],
      compared: 0,
      newer: 0,
      faults: [],
    });
  });

  it('has the files of C2SP tlog-tiles, and entries only when they are asked for', async () => {
    await owner.grow(700);
    await publish();
    expect(await filesIn(out)).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/188',
      'tile/1/000.p/2',
    ]);
    await publish({ entries: true });
    expect((await filesIn(out)).filter((file) => file.includes('entries'))).toEqual([
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/188',
    ]);
    expect((await verify()).entries).toBe(700);
  });

  it('keeps its full tiles when it grows, and loses the partial ones that they replace', async () => {
    await owner.grow(300);
    await publish();
    const before = await readFile(join(out, 'tile/0/000'));
    await owner.grow(300);
    // Two tiles of leaves, one above them, the state.
    expect((await publish()).files).toBe(4);
    expect(await filesIn(out)).not.toContain('tile/0/001.p/44');
    expect(await readFile(join(out, 'tile/0/000'))).toEqual(before);
    expect((await verify()).faults).toEqual([]);
  });

  it('ends with the newest state that somebody countersigned, with those signatures', async () => {
    await owner.grow(10);
    await show(owner, witness, clock);
    await owner.grow(5);
    expect(await publish()).toMatchObject({ size: 10, later: 5, witnesses: [WITNESS] });
    expect(await verify()).toMatchObject({ size: 10, witnesses: [{ region: WITNESS, at: NOW + 60_000 }], faults: [] });
    expect(await verify([], WITNESS)).toMatchObject({ witnesses: [], unjudged: [WITNESS], faults: [] });
    expect(await publish({ newest: true })).toMatchObject({ size: 15, later: 0, witnesses: [] });
    expect(await verify()).toMatchObject({ size: 15, faults: [] });
  });

  it('may be one under SM3', async () => {
    const national = await logSide(regions['510100']!, join(folder, 'national'), clock, Object.values(regions));
    await national.grow(300);
    await publish({ entries: true }, national);
    expect(await verify()).toMatchObject({ region: '510100', size: 300, entries: 300, faults: [] });
    await national.close();
  });

  it('is not published when it is empty, nor over another log', async () => {
    await expect(publish()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await owner.grow(300);
    await publish();
    const files = await filesIn(out);
    const other = await logSide(regions[OWNER]!, join(folder, 'other'), clock, []);
    await other.grow(300, 'other');
    await expect(publish({}, other)).rejects.toMatchObject({ code: 'LOG_FORKED' });
    expect(await filesIn(out)).toEqual(files);
    await other.close();
  });
});

describe('a published log that was changed', () => {
  beforeEach(async () => {
    await owner.grow(600);
    await show(owner, witness, clock);
    await publish({ entries: true });
  });

  it.each([
    ['tile/0/000', 'tile'],
    ['tile/0/002.p/88', 'tile'],
    ['tile/1/000.p/2', 'tile'],
    ['tile/entries/001', 'tile/entries/001'],
  ])('in %s is found out', async (file, where) => {
    const bytes = await readFile(join(out, file));
    bytes[40]! ^= 1;
    await writeFile(join(out, file), bytes);
    const { faults } = await verify();
    expect(faults).toContainEqual(expect.objectContaining({ where, code: 'LOG_CORRUPT' }));
  });

  it.each(['tile/0/001', 'tile/1/000.p/2'])('by the loss of %s is found out', async (file) => {
    await rm(join(out, file));
    expect((await verify()).faults).toMatchObject([{ where: 'tile', code: 'LOG_CORRUPT' }]);
  });

  it.each([
    ['its signature', (text: string) => text.replace(/^(— tongban\/log\S+ .{40})(.)/m, otherLetter), 'checkpoint'],
    ['its size', (text: string) => text.replace('\n600\n', '\n599\n'), 'checkpoint'],
    [
      'a countersignature',
      (text: string) => text.replace(/(tongban\/witness\S+ .{60})(.)/, otherLetter),
      `checkpoint/${WITNESS}`,
    ],
  ])('in %s is found out', async (_, change, where) => {
    const file = join(out, 'checkpoint');
    const text = await readFile(file, 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(file, change(text));
    const { faults } = await verify();
    expect(faults[0]).toMatchObject({ where, code: expect.stringMatching(/^(CHECKPOINT_INVALID|KEY_UNKNOWN)$/) });
  });

  it('is not judged without the statement of its owner, and is none without its state', async () => {
    await expect(verify([], OWNER)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    await rm(join(out, 'checkpoint'));
    await expect(verify()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('beside what we saw', () => {
  it('a published log contains every earlier state, and says what is newer', async () => {
    const seen: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      await owner.grow(100);
      seen.push(owner.log.checkpoint);
      if (n === 3) await publish();
    }
    expect(await verify(seen)).toMatchObject({ size: 400, compared: 4, newer: 1, faults: [] });
    // States of other logs say nothing about this one.
    await witness.grow(3);
    expect(await verify([witness.log.checkpoint])).toMatchObject({ compared: 0, newer: 0, faults: [] });
  });

  it.each([10, 300, 400])('a split view of %i entries is found out', async (size) => {
    await owner.grow(400);
    await publish();
    const other = await logSide(regions[OWNER]!, join(folder, 'other'), clock, []);
    await other.grow(size, 'another view');
    expect(parseCheckpoint(other.log.checkpoint).size).toBe(size);
    const { faults, compared } = await verify([owner.log.checkpoint, other.log.checkpoint]);
    expect(faults).toMatchObject([{ where: `seen/${size}`, code: 'LOG_FORKED' }]);
    expect(compared).toBe(1);
    await other.close();
  });
});

/** Never the letter that was there. */
function otherLetter(_: string, head: string, one: string): string {
  return `${head}${one === 'A' ? 'B' : 'A'}`;
}
