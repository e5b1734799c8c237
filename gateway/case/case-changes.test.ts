import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { officeOf } from '../config/calendar-config.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { writeStep } from './case-changes.ts';
import type { CaseFile, KeptCommitment } from './case-file.ts';
import { caseRepository } from './case-repository.ts';
import { agency } from './machines/agency.ts';
import { hear } from './receiving-view.ts';

const AT = Date.parse('2026-11-23T10:00:00+08:00');
const WINDOW = { organisation: '甲', window: '一', staff: '1' };
const COMMITMENT: KeptCommitment = {
  materials: [{ material: '平面布局图', dueAt: AT + 86_400_000 }],
  text: '按期补齐',
  signedAt: AT,
  document: '',
  creditWaived: '',
};
const ACCEPTANCE = { handler: WINDOW, promisedWorkingDays: 7, commitment: COMMITMENT };

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'case-changes-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

it('what our act brought counts, though a message shows before its receipt that it was accepted', async () => {
  const file = {
    conversation: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
    number: '32060020261123000001',
    role: 'receiving',
    peer: '150626',
    peerNumber: '',
    item: 'EX018',
    mode: 'agency',
    state: 'transferred',
    pending: { event: 'accept', settled: false },
    authorizationId: 'a',
    version: 3,
    document: {
      applicant: { kind: 'person', name: '', documentType: '', documentNumber: '', mobile: '', address: '' },
      form: {},
      materials: [],
      handler: WINDOW,
      terms: {
        promisedWorkingDays: 3,
        statutoryWorkingDays: 0,
        acceptanceWorkingDays: 0,
        paperOriginals: false,
        silenceAccepts: false,
      },
      limits: [],
      queryCode: '',
      steps: { accept: ACCEPTANCE },
    },
    createdAt: AT,
    updatedAt: AT,
  } as unknown as CaseFile;
  const { view, applied } = hear(agency, { state: file.state, pending: file.pending! }, 'start-special');
  expect(applied.map(({ event }) => event)).toEqual(['accept', 'start-special']);
  const record = { kind: 'hearing', reason: '听证', handler: { ...WINDOW, organisation: '乙' } };
  const step = {
    rows: applied,
    state: view.state,
    pending: view.pending,
    actor: '150626',
    at: AT,
    envelope: '',
    record,
  };
  await store.write(async (tx) => {
    await caseRepository.insert(tx, file);
    await writeStep(tx, file, step, AT, { emit: async () => {}, office: officeOf({}) });
  });
  const { document } = (await caseRepository.find(store.read, file.conversation))!;
  expect(document.steps).toEqual({ accept: ACCEPTANCE, 'start-special': record });
  expect(document.commitment).toEqual(COMMITMENT);
  expect(document.limits).toMatchObject([{ name: 'promised', days: 7 }, { name: 'commitment' }]);
  const events = await caseRepository.events(store.read, file.conversation);
  expect(events.map(({ data }) => data)).toEqual([ACCEPTANCE, record]);
});
