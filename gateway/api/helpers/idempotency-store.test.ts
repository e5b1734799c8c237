import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { SqlIdempotencyStore } from './idempotency-store.ts';

const HOUR = 60 * 60 * 1000;
const ANSWER = { requestHash: 'ab'.repeat(32), status: 201, body: { number: '一', list: [1, null] } };

let folder: string;
let store: Store;
let now: number;
let answers: SqlIdempotencyStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-answers-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = 1_800_000_000_000;
  answers = new SqlIdempotencyStore(store, { now: () => now });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const rows = async () => (await store.read.get<{ n: number }>('SELECT count(*) AS n FROM idempotency'))!.n;

test('an answer is found again under its scope and key only', async () => {
  await answers.save('platform a', 'k', ANSWER);
  expect(await answers.find('platform a', 'k')).toEqual(ANSWER);
  expect(await answers.find('platform b', 'k')).toBeUndefined();
  expect(await answers.find('platform a', 'l')).toBeUndefined();
});

test('an answer is kept if and only if the work is', async () => {
  const failed = store.write(async (tx) => {
    await answers.within(tx).save('a', 'k', ANSWER);
    throw new Error('the work failed');
  });
  await expect(failed).rejects.toThrow('the work failed');
  expect(await rows()).toBe(0);
  await store.write((tx) => answers.within(tx).save('a', 'k', ANSWER));
  expect(await answers.find('a', 'k')).toEqual(ANSWER);
});

test('after 24 hours an answer is forgotten, its key free, and its row removed with a later one', async () => {
  await answers.save('a', 'old', ANSWER);
  now += 24 * HOUR - 1;
  expect(await answers.find('a', 'old')).toEqual(ANSWER);
  now += 1;
  expect(await answers.find('a', 'old')).toBeUndefined();
  await answers.save('a', 'new', { ...ANSWER, status: 200 });
  expect(await rows()).toBe(1);
  await answers.save('a', 'old', { ...ANSWER, status: 202 });
  expect(await answers.find('a', 'old')).toMatchObject({ status: 202 });
});
