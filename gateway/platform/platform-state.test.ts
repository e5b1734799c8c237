import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { platformState } from './platform-state.ts';

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-state-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('keeps one text for each adapter', async () => {
  const [hall, counter] = ['hall', 'counter'].map((name) => platformState(store, { now: () => 1 }, name));
  expect(await hall!.read()).toBeUndefined();
  await hall!.write('first');
  await hall!.write('second');
  await counter!.write('other');
  expect([await hall!.read(), await counter!.read()]).toEqual(['second', 'other']);
});

it('keeps no copy of a platform', async () => {
  const state = platformState(store, { now: () => 1 }, 'hall');
  await expect(state.write('x'.repeat(64 * 1024 + 1))).rejects.toThrow(RangeError);
  expect(await state.read()).toBeUndefined();
});
