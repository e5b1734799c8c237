import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { ATTEMPTS_KEPT, attemptLog } from './attempt-log.ts';

it('numbers attempts of a webhook one by one, also those that are recorded at once, and keeps the newest', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-attempts-'));
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  try {
    const attempt = { at: 1, event: 'e', type: 't', status: 200, code: '', ms: 1 } as const;
    await store.write(async (tx) => {
      await Promise.all([attemptLog.add(tx, 'a', attempt), attemptLog.add(tx, 'a', attempt)]);
      await attemptLog.add(tx, 'b', attempt);
    });
    expect((await attemptLog.list(store.read, 'a', 10)).map(({ n }) => n)).toEqual([2, 1]);
    expect((await attemptLog.list(store.read, 'b', 10)).map(({ n }) => n)).toEqual([1]);
    await store.write(async (tx) => {
      for (let n = 0; n < ATTEMPTS_KEPT; n += 1) await attemptLog.add(tx, 'a', attempt);
    });
    const kept = (await attemptLog.list(store.read, 'a', 1000)).map(({ n }) => n);
    expect([kept.length, kept[0]]).toEqual([ATTEMPTS_KEPT, ATTEMPTS_KEPT + 2]);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});
