import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caseJson } from '../api/views/case-view.ts';
import { authorize, CODES, ITEMS, NO_MATERIALS, WINDOW } from '../testing/agency-case.ts';
import { makeRegionFolder, openLiveRegion, pinEachOther, removeFolders, until } from '../testing/live-region.ts';
import { SharedCase, type Sides } from '../testing/shared-case.ts';
import { caseRepository } from './case-repository.ts';
import type { NoteName } from './notes/notes.ts';

const WITH_PLAN = 'EX906';
const LICENCE = 'EX907';
/** The only one whose applicants may be seen by video. */
const BY_VIDEO = 'EX908';
const PLAN = '平面布局图';
const FORM = '申请表';
const DAY_MS = 24 * 60 * 60 * 1000;

let sides: Sides;

beforeAll(async () => {
  const receiving = await openLiveRegion(await makeRegionFolder('320600'));
  const handling = await openLiveRegion(await makeRegionFolder('150626'));
  sides = { receiving, handling };
  await pinEachOther(receiving, handling);
  await authorize(receiving, handling, Date.now(), {
    grants: [
      {
        grantor: '150626',
        grantee: '320600',
        department: { name: '乌审旗市场监督管理局', code: CODES.uxinMarket },
        rights: ['R1a', 'R2', 'R4', 'R5'],
        items: [NO_MATERIALS, WITH_PLAN, LICENCE, BY_VIDEO],
        modes: ['agency'],
      },
    ],
  });
  const rule = { original_to_be_checked: false, may_follow_later: false };
  const materials = [PLAN, FORM].map((name) => ({ ...rule, name }));
  const item = { ...ITEMS.items[1]!, code: WITH_PLAN, materials };
  await handling.services.catalogue.importItems({
    items: [
      ...ITEMS.items,
      item,
      { ...ITEMS.items[1]!, code: LICENCE, result: '食品经营许可证' },
      { ...ITEMS.items[1]!, code: BY_VIDEO, remote_video: true },
    ],
  });
  await handling.services.catalogue.publish('320600', '跨省通办');
  await until('the new catalogue', async () => (await receiving.services.catalogue.list('150626')).length === 5);
});

afterAll(async () => {
  const { receiving, handling } = sides;
  await Promise.all([receiving.stop(), handling.stop()]);
  await removeFolders(receiving.folder, handling.folder);
});

const transferred = async () => (await SharedCase.open(sides, NO_MATERIALS)).takenIn();

async function issued(): Promise<SharedCase> {
  const shared = await (await SharedCase.open(sides, LICENCE)).takenIn();
  await shared.act('handling', 'accept');
  await shared.act('handling', 'approve', { explanation: '符合条件' });
  const authority = { name: '乌审旗市场监督管理局', code: CODES.uxinMarket };
  const fields = {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  };
  await shared.act('handling', 'issue', { authority, validUntil: Date.now() + 365 * DAY_MS, fields });
  return shared.are('issued');
}

async function rated(score: number): Promise<SharedCase> {
  const shared = await transferred();
  await shared.act('handling', 'accept');
  await shared.act('handling', 'deny', { explanation: '不符合条件' });
  await shared.act('handling', 'deliver', { way: 'post' });
  await shared.are('delivered');
  await shared.act('receiving', 'rate', { score });
  return shared.are('rated');
}

const stateOf = async (shared: SharedCase, side: keyof Sides, limit: string) =>
  (await shared.at(side)).document.limits.find(({ name }) => name === limit)?.state;

/** Both sides keep the same notes. */
async function kept(shared: SharedCase): Promise<object[]> {
  const [ours, theirs] = await Promise.all(
    (['receiving', 'handling'] as const).map(async (side) => (await shared.at(side)).document.notes ?? []),
  );
  const told = (notes: typeof ours) => notes!.map(({ kind, by, data }) => ({ kind, by, data }));
  expect(told(ours)).toEqual(told(theirs));
  return told(ours);
}

async function refused(shared: SharedCase, side: keyof Sides, kind: NoteName, data: object, code: string) {
  const before = await shared.at(side);
  await expect(shared.note(side, kind, data)).rejects.toMatchObject({ code });
  expect(await shared.at(side)).toEqual(before);
}

describe('P1 首问负责', () => {
  it('P1: the first window stays responsible and is named at both regions, whoever acts afterwards', async () => {
    const other = { organisation: WINDOW.organisation, window: '综合窗口 9', staff: 'NT0099' };
    const shared = await SharedCase.open(sides, NO_MATERIALS);
    await shared.act('receiving', 'receive', { handler: other });
    await shared.act('receiving', 'transfer', { handler: other });
    await shared.are('transferred');
    for (const side of ['receiving', 'handling'] as const)
      expect((await shared.at(side)).document.handler).toEqual(WINDOW);
    const events = await sides.receiving.services.cases.events(shared.key);
    expect(events.find(({ event }) => event === 'receive')?.data).toMatchObject({ handler: other });
  });
});

describe('P2 远程视频核验', () => {
  const checkedAt = Date.now() - 60_000;
  const seen = { matched: true, checkedAt, device: '视频坐席3', way: 'remote-video' };
  const open = (item: string, identityCheck: object) => SharedCase.open(sides, item, 'agency', { identityCheck });

  it('P2: that the window saw the applicant by video, who did and when, travels with the transfer', async () => {
    const checkedBy = { organisation: '南通市政务服务中心', window: '视频窗口', staff: 'NT007' };
    const shared = await (await open(BY_VIDEO, { ...seen, checkedBy })).takenIn();
    for (const side of ['receiving', 'handling'] as const)
      expect((await shared.at(side)).document.identityCheck).toEqual({ ...seen, checkedBy });
    const masked = caseJson(await shared.at('handling'), Date.now(), { isOpen: false, hasCode: false });
    expect(masked.identityCheck).toEqual({ ...seen, device: '***', checkedBy });
  });

  it('P2: in person is what holds where nothing is said, by whoever takes the case in', async () => {
    const { way: _, ...inPerson } = seen;
    const shared = await (await open(NO_MATERIALS, inPerson)).takenIn();
    expect((await shared.at('handling')).document.identityCheck).toEqual({
      ...inPerson,
      way: 'on-site',
      checkedBy: WINDOW,
    });
  });

  it('P2: an item that does not let it is refused before a case is there', async () => {
    const { read } = sides.receiving.core.store;
    const cases = () => read.get('SELECT count(*) AS n FROM case_file');
    const before = await cases();
    await expect(open(NO_MATERIALS, seen)).rejects.toMatchObject({ code: 'REMOTE_VIDEO_NOT_ALLOWED' });
    await expect(open(BY_VIDEO, { ...seen, way: 'by-letter' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/identityCheck/way' }],
    });
    expect(await cases()).toEqual(before);
  });

  it('P2: the handling region refuses what its item does not let, whatever the other region sends', async () => {
    const shared = await open(NO_MATERIALS, { ...seen, way: 'on-site' });
    const file = await shared.at('receiving');
    const identityCheck = { ...file.document.identityCheck!, way: 'remote-video' };
    await sides.receiving.core.store.write((tx) =>
      caseRepository.update(tx, { ...file, document: { ...file.document, identityCheck } }),
    );
    await shared.act('receiving', 'receive');
    await shared.act('receiving', 'transfer');
    await until('the refusal', async () => (await shared.at('receiving')).document.rejected !== undefined);
    expect(await shared.at('receiving')).toMatchObject({
      state: 'received',
      document: { rejected: { event: 'transfer', code: 'REMOTE_VIDEO_NOT_ALLOWED' } },
    });
    await expect(shared.at('handling')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('P3 一次性告知', () => {
  const notice = (...names: string[]) => ({ items: names.map((material) => ({ material, reason: '缺少' })) });

  it('names everything that is missing, or is not given', async () => {
    const shared = await SharedCase.open(sides, WITH_PLAN);
    await expect(shared.act('receiving', 'one-time-notice', notice(PLAN))).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: '/items', message: expect.stringContaining(FORM) }],
    });
    expect(await shared.at('receiving')).toMatchObject({ state: 'draft', document: { steps: {} } });
    await shared.act('receiving', 'one-time-notice', notice(PLAN, FORM));
    expect((await shared.at('receiving')).document.notices).toMatchObject([{ names: [PLAN, FORM], violations: [] }]);
  });

  it('records a second notice that names what the first could have named, on both sides', async () => {
    const shared = await SharedCase.open(sides, WITH_PLAN);
    for (const name of [PLAN, FORM]) await shared.handIn(name, `first ${name}`);
    await shared.takenIn();
    const supplement = { deadline: Date.now() + DAY_MS, way: '由收件窗口上传' };
    await shared.act('handling', 'request-supplement', { ...supplement, ...notice(PLAN) });
    await shared.are('supplementing');
    await shared.handIn(PLAN, 'second plan');
    await shared.act('receiving', 'submit-supplement');
    await shared.are('transferred');
    // The plan is new and may have a fault of its own; the form lay there from the beginning.
    await shared.act('handling', 'request-supplement', { ...supplement, ...notice(PLAN, FORM) });
    await shared.are('supplementing');
    for (const side of ['receiving', 'handling'] as const)
      expect((await shared.at(side)).document.notices).toMatchObject([
        { names: [PLAN], violations: [] },
        { names: [PLAN, FORM], violations: [FORM] },
      ]);
  });
});

describe('what belongs to a case', () => {
  it('P6: opinions name materials of the case, and both regions keep them', async () => {
    const shared = await SharedCase.open(sides, WITH_PLAN);
    for (const name of [PLAN, FORM]) await shared.handIn(name, `reviewed ${name}`);
    await shared.takenIn();
    const opinion = (material: string) => ({ opinions: [{ material, verdict: 'unclear', reason: '比例尺不清' }] });
    await refused(shared, 'handling', 'materials-reviewed', opinion('户口簿'), 'PAYLOAD_INVALID');
    await refused(shared, 'receiving', 'materials-reviewed', opinion(PLAN), 'ILLEGAL_TRANSITION');
    await shared.note('handling', 'materials-reviewed', opinion(PLAN));
    await shared.haveNotes(1);
    expect(await kept(shared)).toEqual([{ kind: 'materials-reviewed', by: 'handling', data: opinion(PLAN) }]);
  });

  it('P14: passing on within the handling region says to whom and why', async () => {
    const shared = await transferred();
    const on = { department: '乌审旗应急管理局', reason: '职责划转' };
    await shared.note('handling', 'passed-on', on);
    await shared.haveNotes(1);
    expect(await kept(shared)).toEqual([{ kind: 'passed-on', by: 'handling', data: { departmentCode: '', ...on } }]);
    expect(await shared.history('receiving')).toContain('passed-on');
  });

  it('P15: a question has its own deadline and is answered once, by the side that was asked', async () => {
    const shared = await transferred();
    const id = randomUUID();
    const replyBy = Date.now() + 3 * DAY_MS;
    const question = { id, kind: 'verification', question: '请核实经营场所产权', replyBy };
    const answer = { id, answer: '属实' };
    await refused(shared, 'handling', 'question-answered', answer, 'ILLEGAL_TRANSITION');
    await shared.note('handling', 'question-asked', question);
    await shared.haveNotes(1);
    for (const side of ['receiving', 'handling'] as const)
      expect((await shared.at(side)).document.limits).toContainEqual(
        expect.objectContaining({ name: 'reply-receiving', state: 'running', dueAt: replyBy }),
      );
    await refused(shared, 'handling', 'question-answered', answer, 'ILLEGAL_TRANSITION');
    await refused(shared, 'receiving', 'question-asked', question, 'ILLEGAL_TRANSITION');
    await shared.note('receiving', 'question-answered', answer);
    await shared.haveNotes(2);
    for (const side of ['receiving', 'handling'] as const)
      expect(await stateOf(shared, side, 'reply-receiving')).toBe('ended');
    await refused(shared, 'receiving', 'question-answered', answer, 'ILLEGAL_TRANSITION');
  });

  it('P9: a certificate is printed on a blank that serves once, and again only for a spoiled one', async () => {
    const shared = await issued();
    await refused(
      shared,
      'receiving',
      'certificate-printed',
      { blankNumber: 'A1', spoiledNumber: 'A0' },
      'ILLEGAL_TRANSITION',
    );
    await shared.note('receiving', 'certificate-printed', { blankNumber: 'A1' });
    await refused(shared, 'receiving', 'certificate-printed', { blankNumber: 'A2' }, 'ILLEGAL_TRANSITION');
    await refused(
      shared,
      'receiving',
      'certificate-printed',
      { blankNumber: 'A2', spoiledNumber: 'A1' },
      'ILLEGAL_TRANSITION',
    );
    await refused(
      shared,
      'receiving',
      'certificate-printed',
      { blankNumber: 'A1', spoiledNumber: 'A1', reason: '卡纸' },
      'CONFLICT',
    );
    await shared.note('receiving', 'certificate-printed', { blankNumber: 'A2', spoiledNumber: 'A1', reason: '卡纸' });
    await shared.haveNotes(2);
    await kept(shared);
    const blanks = await sides.receiving.core.store.read.all(
      'SELECT number, is_spoiled FROM blank_form ORDER BY number',
    );
    expect(blanks).toEqual([
      { number: 'A1', is_spoiled: 1 },
      { number: 'A2', is_spoiled: 0 },
    ]);
    const another = await issued();
    await refused(another, 'receiving', 'certificate-printed', { blankNumber: 'A2' }, 'CONFLICT');
  });

  it('P10: whoever hands the result over, the department learns that it arrived', async () => {
    const shared = await issued();
    await shared.act('receiving', 'deliver', { way: 'locker' });
    await shared.are('delivered');
    await shared.note('receiving', 'delivery-confirmed', { receivedBy: 'agent' });
    await shared.haveNotes(1);
    expect(await kept(shared)).toMatchObject([{ kind: 'delivery-confirmed', data: { receivedBy: 'agent' } }]);
    for (const side of ['receiving', 'handling'] as const)
      expect(await stateOf(shared, side, 'delivery')).toBe('ended');
  });

  it('P11: a bad rating must be answered; complaints and calls stand with the case', async () => {
    const shared = await rated(1);
    for (const side of ['receiving', 'handling'] as const)
      expect(await stateOf(shared, side, 'rating-answer')).toBe('running');
    await shared.note('handling', 'rating-answered', { answer: '已整改' });
    await shared.note('receiving', 'complaint-linked', { number: '20261122001', channel: '12345' });
    await shared.note('receiving', 'followed-up', { satisfied: true });
    await shared.haveNotes(3);
    for (const side of ['receiving', 'handling'] as const)
      expect(await stateOf(shared, side, 'rating-answer')).toBe('ended');
  });

  it('P11: a good rating needs no answer', async () => {
    const shared = await rated(5);
    expect(await stateOf(shared, 'handling', 'rating-answer')).toBeUndefined();
  });
});

describe('P16 查询进度', () => {
  it('finds the case by the number of either region, and by the code of the applicant at either', async () => {
    const shared = await transferred();
    await shared.act('handling', 'accept');
    await shared.are('accepted');
    const [ours, theirs] = [await shared.at('receiving'), await shared.at('handling')];
    for (const number of [ours.number, theirs.number])
      for (const side of ['receiving', 'handling'] as const)
        expect((await sides[side].services.cases.demand(number)).conversation).toBe(shared.key);
    const { queryCode } = ours.document;
    expect(queryCode).toMatch(/^[2-9A-HJ-NP-Z]{10}$/);
    for (const side of ['receiving', 'handling'] as const)
      expect(await sides[side].services.cases.progress(queryCode)).toMatchObject({ conversation: shared.key });
    await expect(sides.handling.services.cases.progress('2222222222')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
