import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WORKS_WAITING } from './group-commit.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

it('lets a bounded number of works wait for a database that stands still, and does them when it goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tongban-works-'));
  const store = await openSqliteStore(join(folder, 'gateway.db'));
  let release = () => {};
  const began = Promise.withResolvers<void>();
  const stuck = store.write(() => {
    began.resolve();
    return new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await began.promise;
  const works = Array.from({ length: WORKS_WAITING }, (_, n) => store.write(async () => n));
  await expect(store.write(async () => 'one more')).rejects.toMatchObject({ code: 'BACK_PRESSURE' });
  release();
  await stuck;
  expect((await Promise.all(works)).length).toBe(WORKS_WAITING);
  expect(await store.write(async () => 'again')).toBe('again');
  await store.close();
  await rm(folder, { recursive: true });
});
