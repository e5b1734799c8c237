import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { until } from '../../testing/live-region.ts';
import type { CaseNews } from '../case-changes.ts';
import { PaperWork } from './paper-work.ts';

const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const news = (changes: Partial<CaseNews> = {}): CaseNews => ({
  conversation: CONVERSATION,
  number: '1',
  peer: '150626',
  event: 'accept',
  actor: '320600',
  state: 'accepted',
  at: 0,
  ...changes,
});

let folder: string;
let store: Store;
let now: number;
let settled: string[];
let outcome: () => Promise<void>;
let errors: unknown[];
let work: PaperWork;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paper-work-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = 1_795_000_000_000;
  settled = [];
  errors = [];
  outcome = async () => {};
  work = opened();
});

afterEach(async () => {
  await work.stop();
  await store.close();
  await rm(folder, { recursive: true });
});

function opened(): PaperWork {
  return new PaperWork({
    region: '320600',
    store,
    now: () => now,
    papers: () => ({
      settle: async (conversation) => {
        settled.push(conversation);
        await outcome();
      },
    }),
    onError: (_, error) => errors.push(error),
  });
}

const owed = () => store.read.all('SELECT conversation, tries, next_at - ? AS wait FROM paper_due', now);
const hear = (changes?: Partial<CaseNews>) => store.write((tx) => work.heard(tx, news(changes)));

it('has made what was owed before it began, and what comes later', async () => {
  await hear();
  expect(settled).toEqual([]);
  work.start();
  await until('the first', async () => settled.length === 1 && (await owed()).length === 0);
  await hear({ event: 'deliver' });
  await until('the second', async () => settled.length === 2 && (await owed()).length === 0);
});

it('minds only acts of our own that are given notice of, and the hand-over', async () => {
  await hear({ actor: '150626' });
  await hear({ event: 'approve' });
  await hear({ event: 'paper-issued' });
  expect(await owed()).toEqual([]);
  await hear({ event: 'transfer' });
  expect(await owed()).toMatchObject([{ conversation: CONVERSATION, tries: 0 }]);
});

it('tries again later what failed, each time after a longer while, and then what came meanwhile at once', async () => {
  outcome = () => Promise.reject(new CodedError('SEAL_UNAVAILABLE'));
  await hear();
  work.start();
  await until('a failure', () => errors.length === 1);
  await work.stop();
  expect(await owed()).toMatchObject([{ tries: 1, wait: 60_000 }]);
  now += 60_000;
  work = opened();
  work.start();
  await until('another failure', () => errors.length === 2);
  await work.stop();
  expect(await owed()).toMatchObject([{ tries: 2, wait: 120_000 }]);
  await hear();
  expect(await owed()).toMatchObject([{ tries: 0, wait: 0 }]);
});

it('gives up what trying again cannot change', async () => {
  outcome = () => Promise.reject(new CodedError('RENDITION_UNSUPPORTED'));
  await hear();
  work.start();
  await until('nothing is owed', async () => errors.length === 1 && (await owed()).length === 0);
});

it('does not take as done what came while it was at work', async () => {
  let again = true;
  outcome = async () => {
    if (again) await hear({ event: 'deliver' });
    again = false;
  };
  await hear();
  work.start();
  await until('both', async () => settled.length === 2 && (await owed()).length === 0);
});
