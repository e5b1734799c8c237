import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recoveryTable } from '../../../recovery/recovery-table.ts';
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../../store/store.ts';
import { checkRecovery } from './check-recovery.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-recovery-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('says nothing of a database that was never restored', async () => {
  expect(await checkRecovery(store.read)).toEqual([]);
});

it('says that a database was put back, and that a restore waits for regions and for people, until it does not', async () => {
  await store.write((tx) => recoveryTable.set(tx, 'put-back', 1000));
  expect(await checkRecovery(store.read)).toMatchObject([{ level: 'wrong', page: 'docs/runbooks/restore.md' }]);
  await store.write(async (tx) => {
    await recoveryTable.set(tx, 'recovering', 2000, 1000);
    await recoveryTable.askAll(tx, ['150626', '350500'], 2000);
    await recoveryTable.done(tx, '350500', 3000);
  });
  expect(await checkRecovery(store.read)).toMatchObject([
    { level: 'warning', zh: '恢复尚未完成:等待 1 个对端补齐,0 个会话待核对', page: 'docs/runbooks/restore.md' },
  ]);
  await store.write((tx) => recoveryTable.done(tx, '150626', 4000));
  expect(await checkRecovery(store.read)).toEqual([]);
});
