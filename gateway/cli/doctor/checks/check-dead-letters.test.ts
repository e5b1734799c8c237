import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LetterBook } from '../../../dead-letter/letter-book.ts';
import { openSqliteStore } from '../../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../../store/store.ts';
import { checkDeadLetters } from './check-dead-letters.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-letters-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('says how many letters wait for an operator and where, and nothing when none does', async () => {
  expect(await checkDeadLetters(store.read)).toEqual([]);
  const book = new LetterBook({ store, clock: { now: () => 2000 } });
  const about = { subject: 'c', type: 'Ping', sequence: 1, code: 'MALFORMED', since: 1000 } as const;
  await store.write(async (tx) => {
    await book.file(tx, { ...about, id: 'a', queue: 'peer', name: '150626', place: 1, reason: 'refused' });
    await book.file(tx, { ...about, id: 'b', queue: 'peer', name: '150626', place: 2, reason: 'expired' });
    await book.file(tx, { ...about, id: 'hall:1', queue: 'platform', name: 'hall', place: 1, reason: 'refused' });
    await book.file(tx, { ...about, id: 'hall:in:1', queue: 'intake', name: 'hall', place: 1, reason: 'refused' });
  });
  const closing = { outcome: 'dropped', successor: '', by: 'wang', role: 'sysadmin', reason: 'no', at: 3000 } as const;
  const letter = await book.find(store.read, 'b');
  await store.write((tx) => book.close(tx, letter!, closing));
  expect(await checkDeadLetters(store.read)).toMatchObject([
    { what: 'dead letters', level: 'warning', zh: '交办的本地平台 hall 有 1 封死信待处理' },
    {
      what: 'dead letters',
      level: 'warning',
      zh: '对端 150626 有 1 封死信待处理',
      page: 'docs/runbooks/dead-letter.md',
    },
    { what: 'dead letters', level: 'warning', zh: '本地平台 hall 有 1 封死信待处理' },
  ]);
});
