import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { officeOf } from '../../config/calendar-config.ts';
import { MaterialStore } from '../../material/material-store.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import { fileOf } from '../../testing/agency-case.ts';
import type { CaseFile } from '../case-file.ts';
import { caseRepository } from '../case-repository.ts';
import type { State } from '../transitions.ts';
import { Erasures, type ErasuresOptions } from './erasures.ts';

const CONVERSATION = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const ENDED = Date.parse('2026-11-23T10:00:00+08:00');
const HANDLER = { organisation: '南通市政务服务中心', window: '', staff: 'NT001' };
const APPLICANT = {
  kind: 'person',
  name: '欧阳小明',
  documentType: 'passport',
  documentNumber: 'EX1234567',
  mobile: '13800000000',
  address: '',
};

let folder: string;
let store: Store;
let materials: MaterialStore;
let now: number;
let errors: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'erasures-'));
  store = await openSqliteStore(join(folder, 'gateway.db'));
  materials = new MaterialStore(store, { now: () => now }, join(folder, 'materials'), 1_000_000);
  now = ENDED;
  errors = [];
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const yearsOn = (years: number) => new Date(ENDED).setUTCFullYear(2026 + years);
const find = async () => (await caseRepository.find(store.read, CONVERSATION))!;

/** A case in a state, with a file and a line of history. */
async function caseIn(state: State, document: Partial<CaseFile['document']> = {}): Promise<string> {
  const taken = await materials.take(CONVERSATION, fileOf('a form', 100));
  const file: CaseFile = {
    conversation: CONVERSATION,
    number: '32060020261123000001',
    role: 'receiving',
    peer: '150626',
    peerNumber: '',
    item: 'EX018',
    mode: 'agency',
    state: 'draft',
    pending: undefined,
    authorizationId: 'a',
    version: 3,
    document: {
      applicant: APPLICANT,
      form: { 经营项目: '某项' },
      materials: [{ name: '申请表', digest: taken.digest.toString('hex'), size: 100, mediaType: 'a/b', grade: 'C' }],
      handler: HANDLER,
      terms: {
        promisedWorkingDays: 3,
        statutoryWorkingDays: 0,
        acceptanceWorkingDays: 0,
        paperOriginals: false,
        silenceAccepts: false,
      },
      limits: [],
      queryCode: 'ABCDEFGHJK',
      steps: { withdraw: { reason: '欧阳小明不办了', handler: HANDLER } },
      notes: [],
      ...document,
    },
    createdAt: ENDED,
    updatedAt: ENDED,
  };
  await store.write(async (tx) => {
    await caseRepository.insert(tx, file);
    await caseRepository.update(tx, { ...file, state });
    const line = { n: 3, event: 'withdraw', actor: '320600', at: ENDED, state, envelope: '' };
    await caseRepository.addEvent(tx, CONVERSATION, { ...line, data: { reason: '欧阳小明不办了', handler: HANDLER } });
  });
  return taken.digest.toString('hex');
}

function sweeper(changes: Partial<ErasuresOptions> = {}): Erasures {
  return new Erasures({
    region: '320600',
    name: '南通网关',
    store,
    now: () => now,
    // What retention erases is told to nobody.
    outbox: {} as ErasuresOptions['outbox'],
    materials,
    neighbours: {
      emit: async () => {},
      office: officeOf({}),
      demandRight: () => {},
      permitUnder: () => {
        throw new Error('nothing is sent');
      },
    },
    retention: { defaultYears: 10, items: new Map([['EX018', 3]]), honourRequests: false },
    onAsked: () => {},
    onError: (error) => errors.push(error),
    ...changes,
  });
}

describe('retention (保存期限)', () => {
  it('ends so many years after the case, by its item, and not a moment before', async () => {
    const digest = await caseIn('withdrawn');
    now = yearsOn(3) - 1;
    await sweeper().look();
    expect((await find()).document.applicant).toEqual(APPLICANT);
    now = yearsOn(3);
    await sweeper().look();
    const file = await find();
    expect(file).toMatchObject({ number: '32060020261123000001', state: 'withdrawn', erasedAt: now, endedAt: ENDED });
    expect(file.document).toMatchObject({
      applicant: { kind: 'person', name: '', documentNumber: '', mobile: '' },
      form: {},
      materials: [],
      queryCode: '',
      handler: HANDLER,
      steps: { withdraw: { reason: '', handler: HANDLER } },
    });
    expect(await caseRepository.events(store.read, CONVERSATION)).toMatchObject([
      { event: 'withdraw', data: { reason: '', handler: HANDLER } },
      { event: 'erasure-done', data: { ground: 'purpose-over' } },
    ]);
    expect(await caseRepository.findByQueryCode(store.read, 'ABCDEFGHJK')).toBeUndefined();
    await expect(materials.open(CONVERSATION, Buffer.from(digest, 'hex'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(errors).toEqual([]);
  });

  it('of an item without a term of its own is the default', async () => {
    await caseIn('withdrawn');
    const retention = { defaultYears: 10, items: new Map(), honourRequests: false };
    now = yearsOn(10) - 1;
    await sweeper({ retention }).look();
    expect((await find()).erasedAt).toBeUndefined();
    now = yearsOn(10);
    await sweeper({ retention }).look();
    expect((await find()).erasedAt).toBe(now);
  });

  it.each(['draft', 'returned', 'issued'] as const)(
    'counts from the last touch for a case left in "%s"',
    async (state) => {
      await caseIn(state);
      now = yearsOn(3);
      await sweeper().look();
      expect((await find()).erasedAt).toBe(now);
    },
  );

  it('never touches a case that is being handled', async () => {
    await caseIn('accepted');
    now = yearsOn(50);
    await sweeper().look();
    expect((await find()).document.applicant).toEqual(APPLICANT);
  });

  it('waits while a limit runs or the case is on hold, and goes on afterwards', async () => {
    const note = { kind: 'hold-set', region: '320600', by: 'receiving', handler: HANDLER, at: ENDED } as const;
    const held = { ...note, data: { reason: '行政复议' }, envelope: '' };
    const limit = { name: 'rating-answer', state: 'running', since: ENDED, used: 0, dueAt: yearsOn(4) } as const;
    await caseIn('withdrawn', { notes: [held], limits: [limit] });
    const one = sweeper();
    now = yearsOn(3);
    await one.look();
    expect((await find()).erasedAt).toBeUndefined();
    now = yearsOn(4);
    await one.look();
    expect((await find()).erasedAt).toBeUndefined();
    await one.hold(CONVERSATION, false, { handler: HANDLER, reason: '复议终结' });
    await one.look();
    const { erasedAt, document } = await find();
    expect(erasedAt).toBe(now);
    // Why it was not erased before stays to be read.
    expect(document.notes).toMatchObject([
      { kind: 'hold-set', data: { reason: '行政复议' } },
      { kind: 'hold-lifted', data: { reason: '复议终结' } },
      { kind: 'erasure-done' },
    ]);
    await one.stop();
  });

  it('goes on after a crash between the records and the files', async () => {
    const digest = await caseIn('withdrawn');
    now = yearsOn(3);
    const broken = { erase: async () => Promise.reject(new Error('the disk is gone')) } as unknown as MaterialStore;
    await sweeper({ materials: broken }).look();
    expect(errors).toHaveLength(1);
    expect((await materials.open(CONVERSATION, Buffer.from(digest, 'hex'))).size).toBe(100);
    await sweeper().look();
    await expect(materials.open(CONVERSATION, Buffer.from(digest, 'hex'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const said = (await find()).document.notes?.filter(({ kind }) => kind === 'erasure-done');
    expect(said).toHaveLength(1);
  });

  it('ends for what other regions told us of their decisions too', async () => {
    await store.write((tx) =>
      tx.run(
        `INSERT INTO direct_outcome (conversation, peer, number, item, decision, certificate, applicant, decided_at,
           received_at) VALUES (?, '150626', 'N1', 'EX018', 'approved', 'C1', ?, ?, ?)`,
        CONVERSATION,
        JSON.stringify(APPLICANT),
        ENDED,
        ENDED,
      ),
    );
    const told = async () =>
      (await store.read.get<{ applicant: string; number: string }>('SELECT applicant, number FROM direct_outcome'))!;
    now = yearsOn(3) - 1;
    await sweeper().look();
    expect(JSON.parse((await told()).applicant)).toEqual(APPLICANT);
    now = yearsOn(3);
    await sweeper().look();
    expect(JSON.parse((await told()).applicant)).toMatchObject({ kind: 'person', name: '', documentNumber: '' });
    expect((await told()).number).toBe('N1');
  });
});

it('a reason that names the applicant is refused, since it is kept', async () => {
  await caseIn('withdrawn');
  const wish = { handler: HANDLER, ground: 'applicant-request', reason: '欧阳小明来电' } as const;
  await expect(sweeper().ask(CONVERSATION, wish)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  expect((await find()).document.applicant).toEqual(APPLICANT);
});
