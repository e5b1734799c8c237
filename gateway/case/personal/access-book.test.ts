import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { accessBook, type PersonalAccess } from './access-book.ts';

const LOOK: PersonalAccess = {
  at: Date.parse('2026-11-23T23:00:00+08:00'),
  by: 'platform-a',
  role: 'platform',
  conversation: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
  what: 'case',
  subject: '',
  purpose: '业务系统对接',
};

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-book-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const all = () => accessBook.list(store.read, 10, undefined);

it('keeps every look with a purpose of its own', async () => {
  for (let n = 0; n < 3; n += 1) await accessBook.record(store, LOOK, false);
  expect(await all()).toMatchObject([LOOK, LOOK, LOOK]);
});

it('keeps a standing purpose once for the same thing and day, however many look at once', async () => {
  await Promise.all([1, 2, 3].map(() => accessBook.record(store, LOOK, true)));
  await accessBook.record(store, LOOK, true);
  expect(await all()).toHaveLength(1);
  // Another hour, but another day in China; another thing; another reader.
  await accessBook.record(store, { ...LOOK, at: LOOK.at + 2 * 60 * 60 * 1000 }, true);
  await accessBook.record(store, { ...LOOK, what: 'material', subject: 'ab' }, true);
  await accessBook.record(store, { ...LOOK, by: 'platform-b' }, true);
  expect(await all()).toHaveLength(4);
});

it('lists the looks at one case, page by page, newest first', async () => {
  const other = '6d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
  for (const [at, conversation] of [
    [1, LOOK.conversation],
    [2, other],
    [3, LOOK.conversation],
  ] as const)
    await accessBook.record(store, { ...LOOK, at, conversation }, false);
  const [newest] = await accessBook.list(store.read, 1, LOOK.conversation);
  expect(newest).toMatchObject({ at: 3 });
  expect(await accessBook.list(store.read, 10, LOOK.conversation, newest!.position)).toMatchObject([{ at: 1 }]);
});
