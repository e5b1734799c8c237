import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { officeOf } from '../config/calendar-config.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { Inquiry } from './inquiry.ts';
import type { InquiryNews } from './inquiry-news.ts';
import { inquiryTable } from './inquiry-table.ts';
import { InquiryWatch } from './inquiry-watch.ts';

const at = (text: string) => Date.parse(`${text}+08:00`);
const office = officeOf({});
const ASKED = at('2026-11-23T10:00:00');
const REPLY_BY = at('2026-11-26T17:00:00');
const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const HANDLER = { organisation: '甲', window: '', staff: '1' };

const inquiry: Inquiry = {
  conversation: CONVERSATION,
  number: 'X3206002026112300001',
  role: 'asked',
  peer: '150626',
  kind: 'verification',
  item: 'EX018',
  state: 'open',
  authorizationId: 'a',
  version: 1,
  document: {
    subject: { name: '测试人', documentType: 'passport', documentNumber: 'E00000000' },
    question: '是否属实',
    legalBasis: '某法第一条',
    handler: HANDLER,
  },
  askedAt: ASKED,
  replyBy: REPLY_BY,
  isLate: false,
  code: '',
};

let folder: string;
let store: Store;
let now: number;
let told: InquiryNews[];
let errors: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inquiry-watch-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = ASKED;
  told = [];
  errors = [];
  await store.write(async (tx) => void (await inquiryTable.insert(tx, inquiry, office)));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function watch(emit = async (news: InquiryNews) => void told.push(news)): InquiryWatch {
  return new InquiryWatch({
    store,
    now: () => now,
    retention: { defaultYears: 10, items: new Map([['EX018', 1]]), honourRequests: false },
    emit: (_tx, news) => emit(news),
    onOverdue: () => {},
    onError: (error) => errors.push(error),
  });
}

const words = () => told.map(({ event }) => event);
const kept = async () => (await inquiryTable.find(store.read, CONVERSATION))!;
const another = { ...inquiry, conversation: CONVERSATION.replace('5d', '6e'), number: 'X3206002026112300002' };

it('P15: warns one working day before an answer is due, and says once that it is overdue', async () => {
  const one = watch();
  now = at('2026-11-25T16:59:59');
  await one.look();
  expect(told).toEqual([]);
  now = at('2026-11-25T17:00:00');
  await Promise.all([one.look(), watch().look(), one.look()]);
  expect(words()).toEqual(['reply-warning']);
  now = REPLY_BY;
  await Promise.all([one.look(), watch().look()]);
  expect(words()).toEqual(['reply-warning', 'reply-overdue']);
  expect(await kept()).toMatchObject({ state: 'open', isLate: true });
  expect(JSON.stringify(told)).not.toMatch(/测试人|E00000000|是否属实/);
});

it('P15: says after a restart what came due meanwhile, and no warning that is too late', async () => {
  await store.close();
  store = await openSqliteStore(join(folder, 'gateway.db'));
  now = at('2026-12-01T09:00:00');
  await watch().look();
  await watch().look();
  expect(words()).toEqual(['reply-overdue']);
});

it('P15: an inquiry that is closed is told of no more', async () => {
  await store.write(async (tx) => inquiryTable.update(tx, { ...inquiry, state: 'answered', closedAt: ASKED }));
  now = at('2026-12-01T09:00:00');
  await watch().look();
  expect(told).toEqual([]);
  expect((await kept()).isLate).toBe(false);
});

it('lets no inquiry wait for another one that cannot be told, and tries that one again', async () => {
  await store.write(async (tx) => void (await inquiryTable.insert(tx, another, office)));
  now = at('2026-12-01T09:00:00');
  await watch(async (news) => {
    if (news.conversation === CONVERSATION) throw new Error('the platform table is full');
    told.push(news);
  }).look();
  expect([words(), errors.length]).toEqual([['reply-overdue'], 1]);
  expect((await kept()).isLate).toBe(false);
  now += 60_000;
  await watch().look();
  expect(told.map(({ conversation }) => conversation)).toEqual([another.conversation, CONVERSATION]);
});

it('P15: erases what was kept for as long as its item demands, with the payloads of its envelopes', async () => {
  const answer = { outcome: 'confirmed', answer: '属实', handler: HANDLER, at: ASKED };
  const answered = {
    ...inquiry,
    state: 'answered' as const,
    closedAt: ASKED,
    document: { ...inquiry.document, answer },
  };
  await store.write(async (tx) => {
    await inquiryTable.update(tx, answered);
    await inquiryTable.insert(tx, { ...another, item: '' }, office);
    const envelope = `INSERT INTO inbox (sender, id, conversation, sequence, type, header, payload, salt, leaf, expires_at,
      received_at, group_id, group_index, receipt, log_position) VALUES (?, ?, ?, 1, ?, x'00', x'01', x'02', x'03', 0, 0, 0, 0, x'04', 0)`;
    await tx.run(envelope, '150626', 'one', CONVERSATION, 'tongban.v1.InquiryAsked');
    await tx.run(envelope, '150626', 'two', CONVERSATION, 'tongban.v1.CaseTransfer');
  });
  now = at('2027-11-23T09:59:59');
  const one = watch();
  await one.look();
  expect((await kept()).erasedAt).toBeUndefined();
  now = at('2027-11-24T10:00:00');
  await one.look();
  expect(await kept()).toMatchObject({
    state: 'answered',
    erasedAt: now,
    document: {
      subject: { name: '', documentType: 'passport', documentNumber: '' },
      question: '',
      legalBasis: '某法第一条',
      answer: { outcome: 'confirmed', answer: '', handler: HANDLER },
    },
  });
  const left = await store.read.all('SELECT type, payload, salt FROM inbox ORDER BY type');
  expect(left).toMatchObject([
    { type: 'tongban.v1.CaseTransfer' },
    { type: 'tongban.v1.InquiryAsked', payload: null, salt: null },
  ]);
  expect(left[0]!.payload).not.toBeNull();
  expect((await inquiryTable.find(store.read, another.conversation))!.document).toEqual(inquiry.document);
  expect(errors).toEqual([]);
});
