import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../adapters/testing/folders.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { PlatformEvents } from './platform-events.ts';
import { purgeEvents } from './purge.ts';
import { FIRST, SECOND, testNews } from './testing/test-gateway.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
let events: PlatformEvents;
let now: number;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openSqliteStore(`${folder.path}/gateway.db`);
  now = 1_000;
  let ids = 0;
  events = new PlatformEvents({
    clock: { now: () => now },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
  });
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

const emit = (subject: string) => store.write((tx) => events.emit(tx, testNews(subject, now)));
const kept = () => store.read.all('SELECT id, subject, sequence, at FROM platform_event ORDER BY position');

describe('an event', () => {
  it('is kept with an id of its own and its number within the subject', async () => {
    events.listen(() => {});
    for (const subject of [FIRST, SECOND, FIRST]) await emit(subject);
    expect(await kept()).toEqual([
      { id: 'id-1', subject: FIRST, sequence: 1, at: 1_000 },
      { id: 'id-2', subject: SECOND, sequence: 1, at: 1_000 },
      { id: 'id-3', subject: FIRST, sequence: 2, at: 1_000 },
    ]);
  });

  it('is kept where no platform is configured: one may read by the API', async () => {
    await emit(FIRST);
    expect(await kept()).toMatchObject([{ subject: FIRST }]);
  });

  it('wakes the listeners after the commit, when it can be read', async () => {
    const seen: Promise<unknown>[] = [];
    events.listen(() => void seen.push(kept()));
    await store.write(async (tx) => {
      await events.emit(tx, testNews(FIRST, now));
      expect(seen).toEqual([]);
    });
    expect(seen).toHaveLength(1);
    expect(await seen[0]).toHaveLength(1);
  });

  it('disappears with the work that it belongs to, and leaves no gap', async () => {
    let woken = 0;
    events.listen(() => {
      woken += 1;
    });
    const failing = store.write(async (tx) => {
      await events.emit(tx, testNews(FIRST, now));
      throw new Error('the act failed');
    });
    await expect(failing).rejects.toThrow('the act failed');
    expect([await kept(), woken]).toEqual([[], 0]);
    await emit(FIRST);
    expect(await kept()).toMatchObject([{ sequence: 1 }]);
  });
});

describe('purging', () => {
  beforeEach(() => events.listen(() => {}));

  it('removes what is old and done, and no more', async () => {
    await emit(FIRST);
    await emit(FIRST);
    now = 2_000;
    await emit(FIRST);
    expect(await purgeEvents(store, 1, 1_500)).toBe(1);
    expect(await kept()).toMatchObject([{ id: 'id-2' }, { id: 'id-3' }]);
    expect(await purgeEvents(store, 3, 1_500)).toBe(1);
    expect(await kept()).toMatchObject([{ id: 'id-3' }]);
  });

  it('keeps what is held for a platform', async () => {
    for (let n = 0; n < 3; n += 1) await emit(FIRST);
    await store.write((tx) =>
      tx.run("INSERT INTO platform_held VALUES ('hall', 2, ?, 'parked', 1, 1, 1, 0, 'PLATFORM_REFUSED', 'no')", FIRST),
    );
    expect(await purgeEvents(store, 3, 1_500)).toBe(2);
    expect(await kept()).toMatchObject([{ id: 'id-2' }]);
  });

  it('goes on counting where the removed events ended', async () => {
    await emit(FIRST);
    await purgeEvents(store, 1, 1_500);
    await emit(FIRST);
    expect(await kept()).toMatchObject([{ sequence: 2 }]);
  });

  it('works in bounded steps and ends between two of them when told to', async () => {
    await store.write(async (tx) => {
      for (let n = 0; n < 2_500; n += 1) await events.emit(tx, testNews(FIRST, now));
    });
    let steps = 0;
    const twice = () => {
      steps += 1;
      return steps <= 2;
    };
    expect(await purgeEvents(store, 2_500, 1_500, twice)).toBe(2_000);
    expect(await purgeEvents(store, 2_500, 1_500)).toBe(500);
  });
});
