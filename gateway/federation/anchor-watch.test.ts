import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ThrowawayAnchor,
  type ThrowawayRegion,
  throwawayAnchor,
  throwawayRegion,
} from '../../trust/testing/index.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type AnchorSite, startAnchorSite } from '../testing/anchor-site.ts';
import { until } from '../testing/live-region.ts';
import { type TestClock, testClock } from '../testing/region-pair.ts';
import { AnchorCopies } from './anchor-copies.ts';
import { AnchorWatch, type AnchorWatchOptions } from './anchor-watch.ts';

const NOW = Date.UTC(2026, 10, 1);
const DAY_MS = 24 * 60 * 60 * 1000;
const TIMING = { pollMs: 20, firstRetryMs: 10, maxRetryMs: 40, fileTimeoutMs: 200, lookTimeoutMs: 5000 };

let nantong: ThrowawayRegion;
let uxin: ThrowawayRegion;
let anchor: ThrowawayAnchor;
let site: AnchorSite;
let folder: string;
let store: Store;
let clock: TestClock;
let copies: AnchorCopies;
let looks: boolean[];
let unexpected: unknown[];
const watches: AnchorWatch[] = [];

beforeAll(async () => {
  nantong = await throwawayRegion('320600', { now: NOW });
  uxin = await throwawayRegion('150626', { now: NOW });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-anchor-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  clock = testClock(NOW);
  copies = new AnchorCopies(store, () => clock.now());
  looks = [];
  unexpected = [];
  anchor = await throwawayAnchor('national', { now: NOW });
  await anchor.vouch(nantong.statement);
  await anchor.vouch(uxin.statement);
  site = await startAnchorSite();
  await site.publish(anchor);
});

afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()));
  await site.stop();
  await store.close();
  await rm(folder, { recursive: true });
  expect(unexpected).toEqual([]);
});

function watching(changes: Partial<AnchorWatchOptions> = {}, copy?: AnchorWatch['copy']): AnchorWatch {
  const watch = new AnchorWatch(
    {
      identity: anchor.identity.kid,
      url: site.url,
      copies,
      clock,
      random: () => 0.5,
      timing: TIMING,
      isWanted: () => true,
      onLook: (changed) => void looks.push(changed),
      onUnexpected: (error) => void unexpected.push(error),
      ...changes,
    },
    copy,
  );
  watches.push(watch);
  watch.start();
  return watch;
}

const serialOf = (watch: AnchorWatch) => watch.copy?.serial;

describe('an anchor that answers', () => {
  it('is read once, and then only asked whether there is something new', async () => {
    const watch = watching();
    await until('three looks', () => looks.length >= 3);
    expect(looks.slice(0, 3)).toEqual([true, false, false]);
    expect(watch.state).toEqual({ triedAt: NOW, code: '' });
    expect((await copies.held()).size).toBe(anchor.files.size);
    expect(site.asked.filter((line) => line.startsWith('GET index.jwt')).slice(0, 3)).toEqual([
      'GET index.jwt 200',
      'GET index.jwt 304',
      'GET index.jwt 304',
    ]);
    expect(site.asked.filter((line) => !line.startsWith('GET index.jwt'))).toHaveLength(anchor.files.size);
  });

  it('is read again where it changed, and nowhere else', async () => {
    const watch = watching();
    await until('the first look', () => looks.length > 0);
    const newer = await nantong.restate({ serial: 2 });
    anchor.files.set('statements/320600.jwt', newer.jwt);
    site.asked.length = 0;
    await site.publish(anchor, { issuedAt: NOW + 1000 });
    await until('the second serial', () => serialOf(watch) === 2);
    const files = site.asked.filter((line) => line.endsWith('200')).map((line) => line.split(' ')[1]);
    expect(new Set(files)).toEqual(
      new Set(['index.jwt', '.well-known/openid-federation', 'revocations.jwt', 'statements/320600.jwt']),
    );
  });

  it('is not read where nobody wants to know', async () => {
    watching({ isWanted: (path) => !path.includes('150626') });
    await until('the first look', () => looks.length > 0);
    expect(site.asked.filter((line) => line.includes('150626'))).toEqual([]);
    expect(site.asked.filter((line) => line.includes('320600'))).toHaveLength(2);
  });

  it('is known again after a restart', async () => {
    watching();
    await until('the first look', () => looks.length > 0);
    await watches.pop()!.stop();
    site.asked.length = 0;
    const [copy] = await copies.all();
    const again = watching({}, copy);
    await until('a look', () => again.state.triedAt !== undefined);
    expect(serialOf(again)).toBe(1);
    expect(site.asked).toEqual(['GET index.jwt 304']);
  });

  it('may be a folder', async () => {
    const url = await written(anchor);
    const watch = watching({ url });
    await until('two looks', () => looks.length > 1);
    expect({ serial: serialOf(watch), looks: looks.slice(0, 2) }).toEqual({ serial: 1, looks: [true, false] });
    await site.publish(anchor);
    await written(anchor, site.files.get('index.jwt')!);
    await until('the next index', () => serialOf(watch) === 2);
  });
});

describe('an anchor that does not answer as it should', () => {
  it.each([
    ['is gone', 'ANCHOR_UNREACHABLE', () => site.stop(), () => site.restart()],
    ['hangs', 'ANCHOR_UNREACHABLE', mood('hangs'), mood('serves')],
    ['drips', 'ANCHOR_UNREACHABLE', mood('drips'), mood('serves')],
    ['fails', 'ANCHOR_UNREACHABLE', mood('fails'), mood('serves')],
    ['breaks off', 'ANCHOR_UNREACHABLE', mood('breaks off'), mood('serves')],
    ['sends garbage', 'JWS_INVALID', mood('garbage'), mood('serves')],
    ['sends too much', 'CHAIN_INVALID', mood('huge'), mood('serves')],
  ])(
    'that %s is asked again for ever, the last good copy stays, and it is taken when it is back',
    async (_what, code, go, back) => {
      const watch = watching();
      await until('the first look', () => looks.length > 0);
      await go();
      await site.publish(anchor);
      await until('the fault, more than once', () => watch.state.code === code && looks.length > 4);
      expect(serialOf(watch)).toBe(1);
      expect((await copies.all()).map(({ serial }) => serial)).toEqual([1]);
      clock.at += 1000;
      await back();
      await until('the next index', () => serialOf(watch) === 2);
      expect(watch.state).toEqual({ triedAt: NOW + 1000, code: '' });
    },
  );

  it('is asked less and less often', async () => {
    site.mood = 'fails';
    const waits: number[] = [];
    let before = performance.now();
    watching({
      timing: { ...TIMING, firstRetryMs: 40, maxRetryMs: 160 },
      onLook: () => {
        waits.push(performance.now() - before);
        before = performance.now();
        looks.push(false);
      },
    });
    await until('five looks', () => looks.length >= 5);
    // Three quarters of 40, 80, 160, 160: timers may be late, never early.
    for (const [index, least] of [30, 60, 120, 120].entries()) expect(waits[index + 1]).toBeGreaterThan(least - 5);
  });

  it('is let go at once when the gateway stops', async () => {
    site.mood = 'hangs';
    const watch = watching({ timing: { ...TIMING, fileTimeoutMs: 60_000, lookTimeoutMs: 60_000 } });
    await until('the request', () => site.asked.length > 0);
    await watch.stop();
    expect(looks).toEqual([]);
  });
});

describe('files that are not to be believed', () => {
  /** What becomes of the next publication. */
  async function outcome(change: () => Promise<void>): Promise<string> {
    const watch = watching();
    await until('the first look', () => looks.length > 0);
    const before = watch.copy;
    await change();
    await until('the fault', () => watch.state.code !== '');
    expect(watch.copy).toMatchObject({ serial: before!.serial, index: before!.index });
    expect((await copies.all())[0]).toMatchObject({ serial: before!.serial });
    return watch.state.code;
  }

  const replay = (serial: number) => async () => {
    const index = await anchor.indexOf(anchor.files, { serial });
    site.files.set('index.jwt', index);
  };

  it('are an index of an earlier serial: nothing is rolled back', async () => {
    await site.publish(anchor, { serial: 7 });
    expect(await outcome(replay(6))).toBe('CHAIN_STALE');
  });

  it('are another index of the same serial', async () => {
    await site.publish(anchor, { serial: 7 });
    anchor.files.delete('statements/320600.jwt');
    expect(await outcome(replay(7))).toBe('CHAIN_STALE');
  });

  it('are an index of another key', async () => {
    const impostor = await throwawayAnchor('national', { now: NOW });
    expect(await outcome(() => site.publish(impostor, { serial: 9 }))).toBe('FINGERPRINT_MISMATCH');
  });

  it('are an index with one byte changed', async () => {
    const change = async () => {
      await site.publish(anchor, { serial: 9 });
      const index = site.files.get('index.jwt')!;
      site.files.set('index.jwt', `${index.slice(0, -4)}AAAA`);
    };
    expect(await outcome(change)).toBe('SIGNATURE_INVALID');
  });

  it('are an index that has ended, or begins tomorrow', async () => {
    const dates = { serial: 9, issuedAt: NOW - 2 * DAY_MS, expiresAt: NOW };
    expect(await outcome(() => site.publish(anchor, dates))).toBe('CHAIN_EXPIRED');
    await watches.pop()!.stop();
    looks = [];
    await site.publish(anchor);
    expect(await outcome(() => site.publish(anchor, { serial: 10, issuedAt: NOW + DAY_MS }))).toBe('CHAIN_EXPIRED');
  });

  it('are a file that is not the one the index lists', async () => {
    const change = async () => {
      anchor.files.set('statements/320600.jwt', (await nantong.restate({ serial: 2 })).jwt);
      await site.publish(anchor);
      site.files.set('statements/320600.jwt', uxin.jwt);
    };
    expect(await outcome(change)).toBe('CHAIN_INVALID');
  });

  it('are a file that is missing', async () => {
    const change = async () => {
      anchor.files.set('statements/320600.jwt', (await nantong.restate({ serial: 2 })).jwt);
      await site.publish(anchor);
      site.files.delete('statements/320600.jwt');
    };
    expect(await outcome(change)).toBe('ANCHOR_UNREACHABLE');
  });

  it('are a file that is huge', async () => {
    const change = async () => {
      anchor.files.set('statements/320600.jwt', 'x'.repeat(65 * 1024));
      await site.publish(anchor);
    };
    expect(await outcome(change)).toBe('CHAIN_INVALID');
  });
});

function mood(to: AnchorSite['mood']) {
  return async () => {
    site.mood = to;
  };
}

/** Writes what an anchor publishes into a folder. @returns its URL */
async function written(from: ThrowawayAnchor, index = site.files.get('index.jwt')!): Promise<string> {
  const root = join(folder, 'published');
  for (const [path, text] of [...from.files, ['index.jwt', index] as const]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return `${pathToFileURL(root).href}/`;
}
