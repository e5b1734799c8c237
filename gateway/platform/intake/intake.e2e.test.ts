import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SubmissionFile, SubmissionOutcome, Wish } from '#adapters';
import { CodedError } from '#proto';
import type { CaseService } from '../../case/case-service.ts';
import type { State } from '../../case/transitions.ts';
import { MaterialStore } from '../../material/material-store.ts';
import { openDesks } from '../../node/platforms.ts';
import {
  authorize,
  BACK_OFFICE,
  CODES,
  caseInput,
  FOOD_LICENCE,
  fileOf,
  ITEMS,
  NO_MATERIALS,
  WINDOW,
} from '../../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';
import { Intake } from './intake.ts';

const UXIN = '150626';
const { signal } = new AbortController();
/** Somebody else of the same office. */
const COLLEAGUE = { organisation: '乌审旗市场监督管理局', window: '综合窗口2', staff: 'UX009' };

let nantong: LiveRegion;
let uxin: LiveRegion;
let hall: Intake;
let office: Intake;
let keys = 0;

beforeAll(async () => {
  nantong = await openLiveRegion(await makeRegionFolder('320600'));
  uxin = await openLiveRegion(await makeRegionFolder(UXIN));
  await pinEachOther(nantong, uxin);
  await authorize(nantong, uxin);
  hall = new Intake({ ...nantong.core, cases: nantong.services.cases });
  office = new Intake({ ...uxin.core, cases: uxin.services.cases });
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((live) => live?.stop()));
  await removeFolders(...[nantong, uxin].filter(Boolean).map(({ folder }) => folder));
});

function handIn(intake: Intake, wishes: readonly Wish[], key = newKey()): Promise<SubmissionOutcome> {
  const document = { wishes: wishes.map((wish) => wish.do) };
  return intake.submitFor('hall')({ key, document, wishes, problems: [] }, signal);
}

function newKey(): string {
  keys += 1;
  return `row-${keys}`;
}

function file(name: string, size = 5000): SubmissionFile {
  return { name, mediaType: 'application/pdf', open: async () => Readable.from(fileOf(name, size)) };
}

function act(reference: string, name: string, data: object, files: readonly SubmissionFile[] = []): Wish {
  return { do: 'act', case: { reference }, act: name, data, files };
}

async function bothAre(conversation: string, state: State): Promise<void> {
  for (const side of [nantong, uxin])
    await until(`the case is ${state} at ${side.region}`, async () => {
      const found = await side.services.cases.demand(conversation).catch(() => undefined);
      return found?.state === state && !found.pending;
    });
}

async function rows({ core }: LiveRegion): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const table of ['case_file', 'case_event', 'material', 'outbox', 'platform_reference', 'platform_taken'])
    counted[table] = (await core.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
  return counted;
}

describe('a platform at each end of a case', () => {
  const opening = (files: readonly SubmissionFile[]): Wish => ({
    ...{ do: 'open', reference: 'NT-2026-1', body: caseInput(UXIN, FOOD_LICENCE), files },
  });
  const LICENCE = file('营业执照');
  const APPLICATION = file('食品经营许可申请书');
  let conversation: string;

  it('leaves nothing of a case that is refused but the letter, and opens it when it is handed in whole', async () => {
    const before = await rows(nantong);
    const key = newKey();
    expect(await handIn(hall, [opening([LICENCE])], key)).toMatchObject({
      ...{ ok: false, code: 'VALIDATION_FAILED' },
      problems: [{ pointer: '/materials/食品经营许可申请书' }],
    });
    expect(await rows(nantong)).toEqual(before);
    expect(await nantong.services.deadLetters.list({}, 10)).toMatchObject([{ queue: 'intake', type: 'open' }]);
    const opened = await handIn(hall, [opening([LICENCE, APPLICATION])], key);
    expect(opened).toMatchObject({ ok: true, caseNumber: expect.stringMatching(/^320600/) });
    expect(await handIn(hall, [opening([LICENCE, APPLICATION])], key)).toEqual(opened);
    expect(await nantong.services.deadLetters.list({}, 10)).toEqual([]);
    conversation = (opened as { conversation: string }).conversation;
    await bothAre(conversation, 'transferred');
    const { materials } = (await uxin.services.cases.demand(conversation)).document;
    expect(materials).toMatchObject([
      { name: '营业执照', grade: 'B', checkedBy: WINDOW },
      { name: '食品经营许可申请书', grade: 'B', checkedBy: WINDOW },
    ]);
  });

  it('does not open the same case of the platform twice', async () => {
    const before = await rows(nantong);
    const again = { ...opening([]), body: caseInput(UXIN, NO_MATERIALS) } as Wish;
    expect(await handIn(hall, [again])).toMatchObject({ ok: false, code: 'CONFLICT' });
    expect(await rows(nantong)).toEqual(before);
  });

  it('lets the handling platform read the case in full under its own number, and writes every look down', async () => {
    const desk = openDesks(uxin.core, uxin.services.examinations, uxin.services.scans)('hall');
    await desk.bind(conversation, 'UX-77');
    await desk.bind(conversation, 'UX-78');
    expect(await desk.read(conversation)).toMatchObject({
      ...{ conversation, masked: false, reference: 'UX-77', state: 'transferred' },
      applicant: { name: '测试食品有限公司' },
    });
    expect(await desk.read(uxin.core.newId())).toBeUndefined();
    const { digest } = (await uxin.services.cases.demand(conversation)).document.materials[0]!;
    await desk.demandMaterial(conversation, digest);
    const seen = "SELECT 1 FROM personal_access WHERE what = 'material' AND conversation = ?";
    expect(await uxin.core.store.read.all(seen, conversation)).toEqual([]);
    await expect(desk.demandMaterial(conversation, '0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await buffer(await desk.openMaterial(conversation, digest))).toHaveLength(5000);
    await expect(desk.openMaterial(conversation, '0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const looks = await uxin.core.store.read.all(
      'SELECT done_by, role, what, subject FROM personal_access WHERE conversation = ? ORDER BY position',
      conversation,
    );
    const by = { done_by: 'platform:hall', role: 'platform' };
    expect(looks).toEqual([
      { ...by, what: 'case', subject: '' },
      { ...by, what: 'material', subject: digest },
    ]);
  });

  it('refuses an act of nobody, and nothing happens', async () => {
    const before = [await rows(nantong), await rows(uxin)];
    for (const handler of [undefined, { organisation: '乌审旗市场监督管理局' }, { staff: 'UX007' }])
      expect(await handIn(office, [act('UX-77', 'accept', { handler })])).toMatchObject({
        ...{ ok: false, code: 'VALIDATION_FAILED' },
        problems: expect.arrayContaining([expect.objectContaining({ pointer: expect.stringMatching(/^\/handler/) })]),
      });
    expect([await rows(nantong), await rows(uxin)]).toEqual(before);
    for (const { id } of await uxin.services.deadLetters.list({}, 10))
      await uxin.services.deadLetters.drop(id, { by: 'li', role: 'sysadmin', reason: '测试' });
    expect(await uxin.services.deadLetters.list({}, 10)).toEqual([]);
  });

  it('hands files in after the fact, and notes what happened beside', async () => {
    const items = [{ material: '平面布局图', reason: '缺少' }];
    const supplement = { handler: BACK_OFFICE, items, deadline: Date.now() + 5 * 86_400_000, way: '由收件窗口上传' };
    expect(await handIn(office, [act('UX-77', 'request-supplement', supplement)])).toMatchObject({ ok: true });
    await bothAre(conversation, 'supplementing');
    const early = act('NT-2026-1', 'submit-supplement', { handler: WINDOW }, [file('a'.repeat(201))]);
    expect(await handIn(hall, [early])).toMatchObject({ problems: [{ pointer: '/files/0/name' }] });
    const added = act('NT-2026-1', 'submit-supplement', { handler: WINDOW }, [file('平面布局图')]);
    expect(await handIn(hall, [added])).toMatchObject({ ok: true });
    await bothAre(conversation, 'transferred');
    expect((await uxin.services.cases.demand(conversation)).document.materials).toHaveLength(3);
    const noted: Wish = {
      ...{ do: 'note', case: { conversation }, note: 'passed-on' },
      data: { handler: BACK_OFFICE, department: '食品科', departmentCode: CODES.uxinMarket, reason: '职责所在' },
    };
    const key = newKey();
    const outcome = await handIn(office, [noted], key);
    expect(outcome).toMatchObject({ ok: true });
    await handIn(office, [noted], key);
    expect((await uxin.services.cases.demand(conversation)).document.notes).toHaveLength(1);
  });

  it('does each step once when the process ends between two of them', async () => {
    const { cases } = uxin.services;
    let acts = 0;
    const dying: Pick<CaseService, 'submit' | 'act' | 'note' | 'takeFile' | 'forgetFiles'> = {
      submit: (...args) => cases.submit(...args),
      act: (...args) => {
        acts += 1;
        return acts === 2 ? Promise.reject(new Error('the process is gone')) : cases.act(...args);
      },
      note: (...args) => cases.note(...args),
      takeFile: (...args) => cases.takeFile(...args),
      forgetFiles: (...args) => cases.forgetFiles(...args),
    };
    const wishes = [
      act('UX-77', 'accept', { handler: BACK_OFFICE }),
      act('UX-77', 'start-special', { handler: COLLEAGUE, kind: 'site-inspection', reason: '现场核查' }),
      act('UX-77', 'end-special', { handler: COLLEAGUE, result: '符合' }),
    ];
    await expect(handIn(new Intake({ ...uxin.core, cases: dying }), wishes, 'steps')).rejects.toThrow('gone');
    expect((await cases.demand(conversation)).state).toBe('accepted');
    const done = await handIn(office, wishes, 'steps');
    expect(done).toMatchObject({ ok: true, conversation });
    expect(await handIn(office, wishes, 'steps')).toEqual(done);
    const happened = (await cases.events(conversation)).map(({ event }) => event);
    expect(happened.slice(-4)).toEqual(['passed-on', 'accept', 'start-special', 'end-special']);
    await bothAre(conversation, 'accepted');
  });

  it('shows in both regions who did what, at which window of which organisation', async () => {
    const expected = [
      ['transfer', '320600', WINDOW],
      ['request-supplement', UXIN, BACK_OFFICE],
      ['submit-supplement', '320600', WINDOW],
      ['passed-on', UXIN, BACK_OFFICE],
      ['accept', UXIN, BACK_OFFICE],
      ['start-special', UXIN, COLLEAGUE],
      ['end-special', UXIN, COLLEAGUE],
    ];
    await until('the last act', async () => {
      const last = (await nantong.services.cases.events(conversation)).at(-1);
      return last?.event === 'end-special';
    });
    for (const side of [nantong, uxin]) {
      const deeds = await side.services.cases.deeds(conversation);
      const told = deeds
        .filter(({ event }) => event !== 'receive')
        .map(({ event, region, handler }) => [event, region, handler]);
      expect(told).toEqual(expected);
    }
  });
});

it('sweeps the files of a case that was put off and never came again, and keeps those of a case', async () => {
  const { core, services } = nantong;
  const full = () => Promise.reject(new CodedError('BACK_PRESSURE'));
  const cases = Object.create(services.cases, {
    submit: { value: (body: object, how: object) => services.cases.submit(body, { ...how, also: full }) },
    takeFile: { value: services.cases.takeFile.bind(services.cases) },
  }) as CaseService;
  const busy = new Intake({ ...core, cases });
  const files = [file('营业执照', 100), file('食品经营许可申请书', 100)];
  const wish: Wish = { do: 'open', body: caseInput(UXIN, FOOD_LICENCE), files };
  const before = await rows(nantong);
  expect(await handIn(busy, [wish])).toMatchObject({ ok: false, code: 'BACK_PRESSURE' });
  expect(await rows(nantong)).toEqual({ ...before, material: before['material']! + 2 });
  const tomorrow = { now: () => core.clock.now() + 25 * 60 * 60_000 };
  const materials = new MaterialStore(core.store, tomorrow, join(nantong.folder, 'materials'), 1);
  expect(await materials.sweep()).toBe(2);
  expect(await rows(nantong)).toEqual(before);
});

it('takes in what the region decides itself, which nobody else needs', async () => {
  const item = { ...ITEMS.items[1]!, code: 'EX903', modes: ['direct'] };
  await nantong.services.catalogue.importItems({ items: [item] });
  const open: Wish = { do: 'open', body: caseInput(UXIN, 'EX903', { mode: 'direct' }), files: [] };
  const outcome = await handIn(hall, [open]);
  expect(outcome).toMatchObject({ ok: true });
  const { conversation } = outcome as { conversation: string };
  expect(await nantong.services.cases.demand(conversation)).toMatchObject({ mode: 'direct', state: 'received' });
});

it('has an act wait until the other region has answered the one before', async () => {
  const open: Wish = { do: 'open', reference: 'NT-2026-2', body: caseInput(UXIN, NO_MATERIALS), files: [] };
  const wishes = [open, act('NT-2026-2', 'withdraw', { handler: WINDOW, reason: '申请人撤回' })];
  const parked = await nantong.services.deadLetters.list({}, 10);
  await uxin.core.peers.remove('320600');
  expect(await handIn(hall, wishes, 'both')).toMatchObject({ ok: false, code: 'TRY_LATER' });
  expect(await nantong.services.deadLetters.list({}, 10)).toEqual(parked);
  await pinEachOther(nantong, uxin);
  await until('the answer', async () => (await handIn(hall, wishes, 'both')).ok);
  const outcome = await handIn(hall, wishes, 'both');
  await bothAre((outcome as { conversation: string }).conversation, 'withdrawn');
});
