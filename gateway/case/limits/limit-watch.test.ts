import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { officeOf } from '../../config/calendar-config.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import type { CaseNews } from '../case-changes.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import { holdingsOf } from '../holders.ts';
import type { CaseLimit } from './limit-names.ts';
import { limitTable } from './limit-table.ts';
import { LimitWatch } from './limit-watch.ts';

const at = (text: string) => Date.parse(`${text}+08:00`);
const office = officeOf({});
const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const BEGAN = at('2026-11-23T10:00:00');
const PROMISED: CaseLimit = {
  name: 'promised',
  state: 'running',
  since: BEGAN,
  days: 3,
  used: 0,
  dueAt: at('2026-11-26T17:00:00'),
};

let folder: string;
let store: Store;
let now: number;
let told: CaseNews[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limit-watch-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = BEGAN;
  told = [];
  await store.write(async (tx) => {
    await caseRepository.insert(tx, file);
    await limitTable.sync(tx, CONVERSATION, [], file.document.limits, office);
  });
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const file: CaseFile = {
  conversation: CONVERSATION,
  number: '32060020261123000001',
  role: 'receiving',
  peer: '150626',
  peerNumber: '',
  item: 'EX018',
  mode: 'agency',
  state: 'accepted',
  pending: undefined,
  authorizationId: 'a',
  version: 3,
  document: {
    applicant: { kind: 'person', name: '', documentType: '', documentNumber: '', mobile: '', address: '' },
    form: {},
    materials: [],
    handler: { organisation: '甲', window: '', staff: '1' },
    terms: {
      promisedWorkingDays: 3,
      statutoryWorkingDays: 0,
      acceptanceWorkingDays: 0,
      paperOriginals: false,
      silenceAccepts: false,
    },
    limits: [PROMISED],
    queryCode: '',
    steps: {},
  },
  createdAt: BEGAN,
  updatedAt: BEGAN,
};

function watch(errors: unknown[] = []): LimitWatch {
  return new LimitWatch({
    region: '320600',
    store,
    now: () => now,
    emit: async (_tx, news) => void told.push(news),
    acceptBySilence: async () => expect.unreachable('the item does not say so'),
    tellWhole: async () => {},
    onOverdue: () => {},
    onError: (error) => errors.push(error),
  });
}

const words = () => told.map(({ event, limit, dueAt }) => ({ event, limit, dueAt }));
const events = () => caseRepository.events(store.read, CONVERSATION);

it('warns one working day ahead and says once that a limit has run out', async () => {
  const one = watch();
  now = at('2026-11-25T16:59:59');
  await one.look();
  expect(told).toEqual([]);
  now = at('2026-11-25T17:00:00');
  await one.look();
  await one.look();
  expect(words()).toEqual([{ event: 'limit-warning', limit: 'promised', dueAt: PROMISED.dueAt }]);
  now = at('2026-11-26T17:00:00');
  await one.look();
  await one.look();
  expect(words().slice(1)).toEqual([{ event: 'limit-overdue', limit: 'promised', dueAt: PROMISED.dueAt }]);
  const changed = (await caseRepository.find(store.read, CONVERSATION))!;
  expect(changed).toMatchObject({ version: 5, state: 'accepted', document: { limits: [{ isLate: true }] } });
  expect(await events()).toMatchObject([
    { n: 4, event: 'limit-warning' },
    { n: 5, event: 'limit-overdue', data: { limit: 'promised', holder: 'handling' } },
  ]);
});

it('says after a restart what ran out meanwhile, and no warning that is too late', async () => {
  await store.close();
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = at('2026-12-01T09:00:00');
  await watch().look();
  expect(words()).toEqual([{ event: 'limit-overdue', limit: 'promised', dueAt: PROMISED.dueAt }]);
});

it('is told once, however many watch the same store', async () => {
  now = at('2026-12-01T09:00:00');
  await Promise.all([watch().look(), watch().look(), watch().look()]);
  expect(told).toHaveLength(1);
  expect(await events()).toHaveLength(1);
});

it('does not tell of a limit that stands still, has ended, or has moved on', async () => {
  const { dueAt: _, ...still } = PROMISED;
  const moved = { ...PROMISED, dueAt: at('2026-12-08T17:00:00') };
  now = at('2026-12-01T09:00:00');
  for (const limit of [{ ...still, state: 'stopped' as const }, { ...PROMISED, state: 'ended' as const }, moved]) {
    await store.write((tx) => limitTable.sync(tx, CONVERSATION, [PROMISED], [limit], office));
    await watch().look();
    expect(told).toEqual([]);
  }
});

it('tries again what failed, and leaves nothing half done', async () => {
  now = at('2026-12-01T09:00:00');
  const errors: unknown[] = [];
  const emit = async () => {
    throw new Error('the platform table is full');
  };
  await new LimitWatch({
    region: '320600',
    store,
    now: () => now,
    emit,
    acceptBySilence: async () => {},
    tellWhole: async () => {},
    onOverdue: () => {},
    onError: (error) => errors.push(error),
  }).look();
  expect(errors).toHaveLength(1);
  expect(await events()).toEqual([]);
  now += 60_000;
  await watch().look();
  expect(told).toHaveLength(1);
});

it('lets no case wait for another one that cannot be told', async () => {
  const other = { ...file, conversation: CONVERSATION.replace('5d', '6e'), number: '32060020261123000002' };
  await store.write(async (tx) => {
    await caseRepository.insert(tx, other);
    await limitTable.sync(tx, other.conversation, [], other.document.limits, office);
  });
  now = at('2026-12-01T09:00:00');
  const errors: unknown[] = [];
  const stuck = new LimitWatch({
    region: '320600',
    store,
    now: () => now,
    emit: async (_tx, news) => {
      if (news.conversation === CONVERSATION) throw new Error('the outbox is full');
      told.push(news);
    },
    acceptBySilence: async () => {},
    tellWhole: async () => {},
    onOverdue: () => {},
    onError: (error) => errors.push(error),
  });
  await stuck.look();
  await stuck.look();
  expect(told.map(({ conversation }) => conversation)).toEqual([other.conversation]);
  expect([errors.length, (await events()).length]).toEqual([1, 0]);
});

it('P12: shows who held the case when, and who was late', async () => {
  now = at('2026-12-01T09:00:00');
  await store.write(async (tx) => {
    const line = { actor: '320600', envelope: '', data: {} };
    await caseRepository.addEvent(tx, CONVERSATION, { n: 1, event: 'receive', state: 'received', at: BEGAN, ...line });
    const transferred = { n: 2, event: 'transfer', state: 'transferred', at: at('2026-11-23T11:00:00') };
    await caseRepository.addEvent(tx, CONVERSATION, { ...transferred, ...line });
    const accepted = { n: 3, event: 'accept', state: 'accepted', at: at('2026-11-24T11:00:00') };
    await caseRepository.addEvent(tx, CONVERSATION, { ...accepted, ...line });
  });
  await watch().look();
  const holdings = holdingsOf(file, await events(), { us: '320600', now, office });
  expect(holdings).toEqual([
    { region: '320600', role: 'receiving', state: 'draft', from: BEGAN, until: BEGAN, workingDays: 0, overdue: [] },
    {
      region: '320600',
      role: 'receiving',
      state: 'received',
      from: BEGAN,
      until: at('2026-11-23T11:00:00'),
      workingDays: 0,
      overdue: [],
    },
    {
      region: '150626',
      role: 'handling',
      state: 'transferred',
      from: at('2026-11-23T11:00:00'),
      until: at('2026-11-24T11:00:00'),
      workingDays: 1,
      overdue: [],
    },
    {
      region: '150626',
      role: 'handling',
      state: 'accepted',
      from: at('2026-11-24T11:00:00'),
      workingDays: 5,
      overdue: ['promised'],
    },
  ]);
});
