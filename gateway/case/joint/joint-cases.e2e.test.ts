import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { messages } from '#proto';
import { APPLICANT, agreementDraft, authorize, BACK_OFFICE, CODES, fileOf, WINDOW } from '../../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';
import { caseRepository } from '../case-repository.ts';
import type { Event } from '../transitions.ts';
import type { JointCaseView } from './joint-view.ts';

const DAY = 24 * 60 * 60 * 1000;
const [LEAVE, SETTLE, FUND, SOCIAL] = ['EX951', 'EX952', 'EX953', 'EX954'];
const PLAN = '平面布局图';
const DEPARTMENT = { name: '示例审批局', code: CODES.uxinMarket };
const CERTIFICATE = {
  authority: { name: '示例审批局', code: CODES.uxinMarket },
  fields: {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  },
};

const part = (id: string, region: string, item: string, after: string[]) => {
  return { id, region, department: DEPARTMENT, item, after, working_days: 2 };
};

/** First one region, then two side by side, then the first once more. */
const PARTS = [
  part('leave', '150626', LEAVE!, []),
  part('settle', '320600', SETTLE!, ['leave']),
  part('fund', '350500', FUND!, ['leave']),
  part('social', '150626', SOCIAL!, ['fund']),
];

const folders: string[] = [];
let nantong: LiveRegion;
let uxin: LiveRegion;
let quanzhou: LiveRegion;
let agreement: string;
const all = () => [nantong, uxin, quanzhou];

async function live(region: string): Promise<LiveRegion> {
  const folder = await makeRegionFolder(region);
  folders.push(folder);
  return openLiveRegion(folder);
}

/** An item that is handled jointly. */
function item(code: string, materials: readonly string[] = []) {
  return {
    code,
    name: `联办事项 ${code}`,
    department: '审批局',
    department_code: DEPARTMENT.code,
    applicant: 'legal-person',
    modes: ['joint', 'agency'],
    promised_working_days: 2,
    materials: materials.map((name) => ({ name, original_to_be_checked: false, may_follow_later: false })),
    result: '食品经营许可证',
  };
}

/** Lets a region take in for another, and publishes what that one offers. */
async function grant(receiving: LiveRegion, handling: LiveRegion, items: readonly string[]): Promise<void> {
  const [agency] = agreementDraft(receiving.region, handling.region).grants;
  const joint = { ...agency!, department: DEPARTMENT, items, modes: ['joint', 'agency'] as const };
  await authorize(receiving, handling, Date.now(), { grants: [joint] });
  await handling.services.catalogue.importItems({
    items: items.map((code) => item(code, code === FUND ? [PLAN] : [])),
  });
  await handling.services.catalogue.publish(receiving.region, '跨省通办');
  await until('the items', async () => {
    const listed = await receiving.services.catalogue.list(handling.region);
    return items.every((code) => listed.some((one) => one.item.code === code));
  });
}

async function concluded(changes: object = {}): Promise<string> {
  const year = new Date().getUTCFullYear();
  const { id } = await nantong.services.joint.propose({
    name: '跨省迁移企业登记一件事',
    parties: ['320600', '150626', '350500'],
    receiving: ['320600', '350500'],
    handover: 'one-window',
    parts: PARTS,
    fields: [
      { path: 'applicant.name', parts: ['leave', 'settle', 'fund', 'social'] },
      { path: 'applicant.documentNumber', parts: ['leave', 'settle', 'fund', 'social'] },
      { path: 'applicant.mobile', parts: ['fund'] },
      { path: 'form.注册资本', parts: ['settle', 'fund'] },
      { path: 'form.迁出原因', parts: ['leave'] },
    ],
    working_days: 5,
    sign_by: new Date(Date.now() + DAY).toISOString(),
    valid_from: `${year - 1}-01-01T00:00:00+08:00`,
    valid_until: `${year + 2}-01-01T00:00:00+08:00`,
    terms: '各方联合办理,牵头地区统筹。',
    ...changes,
  });
  for (const side of [uxin, quanzhou]) {
    await until('the proposal', () => side.services.joint.get(id).then(...settled));
    await side.services.joint.sign(id);
  }
  for (const side of all())
    await until('the joint agreement', async () => (await side.services.joint.get(id)).state === 'active');
  return id;
}

const settled = [() => true, () => false] as const;

beforeAll(async () => {
  [nantong, uxin, quanzhou] = [await live('320600'), await live('150626'), await live('350500')];
  await pinEachOther(nantong, uxin);
  await pinEachOther(nantong, quanzhou);
  await pinEachOther(uxin, quanzhou);
  await grant(nantong, uxin, [LEAVE!, SOCIAL!]);
  await grant(nantong, quanzhou, [FUND!]);
  await grant(quanzhou, uxin, [LEAVE!]);
  await nantong.services.catalogue.importItems({ items: [item(SETTLE!)] });
  agreement = await concluded();
}, 60_000);

afterAll(async () => {
  await Promise.all(all().map((side) => side.stop()));
  await removeFolders(...folders);
});

const input = (changes: object = {}) => ({
  agreement,
  applicant: APPLICANT,
  form: { 注册资本: '100万元', 迁出原因: '经营需要' },
  handler: WINDOW,
  ...changes,
});

async function opened(changes: object = {}): Promise<string> {
  const { conversation } = await nantong.services.jointCases.open(input(changes));
  const upload = { name: PLAN, mediaType: 'application/pdf', grade: 'C' };
  await nantong.services.jointCases.addMaterial(conversation, upload, fileOf(conversation, 5000));
  return conversation;
}

const whole = (key: string) => nantong.services.jointCases.get(key);
const act = (key: string, name: 'submit' | 'hand-over' | 'withdraw', data: object = {}) =>
  nantong.services.jointCases.act(key, name, { handler: WINDOW, ...data });
const statesOf = ({ parts }: JointCaseView) => Object.fromEntries(parts.map(({ part: id, state }) => [id, state]));
const states = async (key: string) => statesOf(await whole(key));

/** Waits until the parts stand so at the lead. */
function are(key: string, wanted: object): Promise<void> {
  return until(`parts ${JSON.stringify(wanted)}`, async () => {
    return JSON.stringify(await states(key)) === JSON.stringify({ ...(await states(key)), ...wanted });
  });
}

const conversationOf = async (key: string, id: string) =>
  (await whole(key)).parts.find((one) => one.part === id)!.conversation;

/** A part is decided where it belongs. */
async function decide(key: string, side: () => LiveRegion, id: string, outcome: 'issue' | 'deny'): Promise<void> {
  const conversation = await conversationOf(key, id);
  const wanted = side() === nantong ? 'received' : 'transferred';
  await until(`part ${id}`, async () => {
    return (
      (
        await side()
          .services.cases.demand(conversation)
          .catch(() => undefined)
      )?.state === wanted
    );
  });
  const step = (event: Event, data: object = {}) =>
    side().services.cases.act(conversation, event, { handler: BACK_OFFICE, ...data });
  await step('accept');
  await step(outcome === 'deny' ? 'deny' : 'approve', { explanation: '依法决定' });
  if (outcome === 'issue') await step('issue', { ...CERTIFICATE, validUntil: Date.now() + 365 * DAY });
}

describe('M3 多地联办 joint, three regions', () => {
  it('M3: goes through its parts in the agreed order, two side by side, over a restart of the lead, to one hand-over', async () => {
    const key = await opened();
    const submitted = await act(key, 'submit');
    expect(submitted).toMatchObject({ state: 'running', limit: { workingDays: 5, isLate: false } });
    expect(statesOf(submitted)).toEqual({ leave: 'running', settle: 'waiting', fund: 'waiting', social: 'waiting' });
    // Nothing of a part that waits exists anywhere.
    for (const id of ['settle', 'fund', 'social']) {
      const conversation = await conversationOf(key, id);
      for (const side of all())
        await expect(side.services.cases.demand(conversation)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    await expect(act(key, 'hand-over', { way: 'window' })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: expect.stringContaining('leave, settle, fund, social'),
    });

    const leave = await conversationOf(key, 'leave');
    await until('the first part', () => uxin.services.cases.demand(leave).then(...settled));
    await nantong.stop();
    await decideAt(uxin, leave);
    nantong = await openLiveRegion(nantong.folder);
    await nantong.services.jointCases.tend();
    await are(key, { leave: 'done', settle: 'running', fund: 'running', social: 'waiting' });

    const early = uxin.services.cases.act(leave, 'deliver', { handler: BACK_OFFICE, way: 'post' });
    await expect(early).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    const alone = nantong.services.cases.act(leave, 'deliver', { handler: WINDOW, way: 'window' });
    await expect(alone).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });

    await decide(key, () => quanzhou, 'fund', 'deny');
    await are(key, { fund: 'failed', social: 'skipped' });
    expect((await whole(key)).state).toBe('running');
    await decide(key, () => nantong, 'settle', 'issue');
    await until('the whole', async () => (await whole(key)).state === 'complete');

    const handed = await act(key, 'hand-over', { way: 'window' });
    expect(handed.state).toBe('handed-over');
    expect(handed.document.handOver!.results).toEqual([
      { part: 'leave', outcome: 'issued', delivered: true },
      { part: 'settle', outcome: 'issued', delivered: true },
      { part: 'fund', outcome: 'denied', delivered: true },
      { part: 'social', outcome: 'skipped', delivered: false },
    ]);
    for (const [side, id] of [
      [uxin, 'leave'],
      [quanzhou, 'fund'],
      [nantong, 'settle'],
    ] as const) {
      const conversation = await conversationOf(key, id);
      await until(
        `the delivery of ${id}`,
        async () => (await side.services.cases.demand(conversation)).state === 'delivered',
      );
    }
    await expect(act(key, 'hand-over', { way: 'window' })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  }, 60_000);

  it('tells each part what the agreement lets travel to it, and nothing of the others', async () => {
    const key = await opened({ forms: { fund: { 注册资本: '200万元' } } });
    await act(key, 'submit');
    await decide(key, () => uxin, 'leave', 'issue');
    const fund = await conversationOf(key, 'fund');
    await until('the other part', () => quanzhou.services.cases.demand(fund).then(...settled));
    const [there, here] = [
      await uxin.services.cases.demand(await conversationOf(key, 'leave')),
      await quanzhou.services.cases.demand(fund),
    ];
    expect(there.document.applicant).toEqual({ ...APPLICANT, mobile: '', address: '' });
    expect(there.document.form).toEqual({ 迁出原因: '经营需要' });
    expect(there.document.materials).toEqual([]);
    expect(here.document.applicant).toEqual({ ...APPLICANT, address: '' });
    expect(here.document.form).toEqual({ 注册资本: '200万元' });
    expect(here.document.materials.map(({ name }) => name)).toEqual([PLAN]);
    const { number } = await whole(key);
    expect(here).toMatchObject({ mode: 'joint', document: { joint: { agreement, part: 'fund', number } } });
    expect(JSON.stringify(here)).not.toMatch(/leave|settle|EX951|EX952|EX954/);
  }, 60_000);

  it('loses nothing when the lead stops between any two steps of opening a part, and opens it once', async () => {
    const key = await opened();
    const { conversation } = (await whole(key)).parts[0]!;
    // As if it had stopped right after it wrote down that the part begins.
    await nantong.core.store.write(async (tx) => {
      await tx.run("UPDATE joint_case SET state = 'running' WHERE conversation = ?", key);
      await tx.run("UPDATE joint_part SET state = 'running' WHERE conversation = ?", conversation);
    });
    await nantong.stop();
    nantong = await openLiveRegion(nantong.folder);
    // And again when the part was a draft, and when it was taken in.
    const { number } = await whole(key);
    const place = { agreement, part: 'leave', number, handover: 'one-window' } as const;
    const { applicant, form, handler } = input();
    const least = { applicant: { ...applicant, mobile: '', address: '' }, form: { 迁出原因: form.迁出原因 }, handler };
    const draft = { ...least, handlingRegion: '150626', item: LEAVE, mode: 'joint' };
    await nantong.services.cases.create(draft, { conversation, joint: place });
    await nantong.services.cases.act(conversation, 'receive', { handler });
    await Promise.all([nantong.services.jointCases.tend(), nantong.services.jointCases.tend()]);
    await until('the part', async () => (await nantong.services.cases.demand(conversation)).state === 'transferred');
    const histories = [nantong, uxin].map(async ({ services }) => {
      return (await services.cases.events(conversation)).map(({ event }) => event);
    });
    expect(await Promise.all(histories)).toEqual([['receive', 'transfer'], ['transfer']]);
  }, 60_000);

  it('is withdrawn as a whole: what runs is withdrawn, what waits never begins', async () => {
    const key = await opened();
    await act(key, 'submit');
    const leave = await conversationOf(key, 'leave');
    await until('the part', async () => (await nantong.services.cases.demand(leave)).state === 'transferred');
    await act(key, 'withdraw', { reason: '不再需要' });
    await until('the end', async () => (await whole(key)).state === 'withdrawn');
    expect(await states(key)).toEqual({ leave: 'failed', settle: 'skipped', fund: 'skipped', social: 'skipped' });
    expect((await uxin.services.cases.demand(leave)).state).toBe('withdrawn');
  }, 60_000);

  it('hands over nothing at all where one part may not be delivered', async () => {
    const key = await opened();
    await act(key, 'submit');
    await decide(key, () => uxin, 'leave', 'issue');
    await decide(key, () => nantong, 'settle', 'issue');
    await decide(key, () => quanzhou, 'fund', 'deny');
    await until('the whole', async () => (await whole(key)).state === 'complete');
    const [leave, settle, fund] = await Promise.all(['leave', 'settle', 'fund'].map((id) => conversationOf(key, id)));
    await nantong.core.store.write((tx) =>
      // The last one in the order: the others would have been delivered before it.
      tx.run("UPDATE case_file SET authorization_id = '' WHERE conversation = ?", fund!),
    );
    await expect(act(key, 'hand-over', { way: 'window' })).rejects.toMatchObject({
      message: expect.stringContaining('fund'),
    });
    for (const conversation of [leave, settle, fund])
      expect((await nantong.services.cases.demand(conversation!)).pending).toBeUndefined();
    expect((await nantong.services.cases.demand(settle!)).state).toBe('issued');
    expect((await whole(key)).state).toBe('complete');
  }, 60_000);

  it('names everything that any part misses before it begins, and begins nothing', async () => {
    const { conversation } = await nantong.services.jointCases.open(input());
    await expect(act(conversation, 'submit')).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [{ pointer: `/parts/fund/materials/${PLAN}`, code: 'REQUIRED' }],
    });
    expect(await whole(conversation)).toMatchObject({ state: 'draft' });
    expect(new Set(Object.values(await states(conversation)))).toEqual(new Set(['waiting']));
  });

  it('opens only at the lead, under an agreement in force, and no part of it alone', async () => {
    await expect(quanzhou.services.jointCases.open(input())).rejects.toMatchObject({
      code: 'JOINT_INVALID',
      message: expect.stringContaining('320600'),
    });
    const unknown = nantong.services.jointCases.open(input({ agreement: '00000000-0000-4000-8000-000000000000' }));
    await expect(unknown).rejects.toMatchObject({ code: 'JOINT_UNKNOWN' });
    const alone = { ...input(), agreement: undefined, handlingRegion: '150626', item: LEAVE, mode: 'joint' };
    const { agreement: _, ...part } = alone;
    await expect(nantong.services.cases.create(part)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    const wrong = nantong.services.jointCases.open(input({ forms: { leave: { 注册资本: '1' }, nobody: {} } }));
    await expect(wrong).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [
        { pointer: '/forms/leave/注册资本', code: 'NOT_AGREED' },
        { pointer: '/forms/nobody', code: 'NO_SUCH_PART' },
      ],
    });
  });
});

describe('a transfer in the mode joint', () => {
  /** Sends what the service would not. @returns the code of the rejection */
  async function refusal(from: LiveRegion, joint: messages.JointReference | null): Promise<string> {
    const conversation = from.core.newId();
    const place = { agreement: '', part: '', number: '', handover: 'one-window' } as const;
    const { applicant, handler } = input();
    const draft = { applicant, handler, form: {}, handlingRegion: '150626', item: LEAVE, mode: 'joint' };
    await from.services.cases.create(draft, { conversation, joint: place });
    await from.core.store.write(async (tx) => {
      const said = joint && { ...place, agreement: joint.agreementId, part: joint.part, number: joint.jointNumber };
      const file = await caseRepository.demand(tx, conversation);
      const { joint: _, ...document } = file.document;
      await caseRepository.update(tx, { ...file, document: { ...document, ...(said && { joint: said }) } });
    });
    for (const event of ['receive', 'transfer'] as const)
      await from.services.cases.act(conversation, event, { handler });
    await until('the refusal', async () => {
      return (await from.services.cases.demand(conversation)).document.rejected !== undefined;
    });
    await expect(uxin.services.cases.demand(conversation)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    return (await from.services.cases.demand(conversation)).document.rejected!.code;
  }

  it.each<[string, string, () => LiveRegion, () => messages.JointReference | null]>([
    ['comes from a region that does not lead', 'JOINT_INVALID', () => quanzhou, () => named('leave')],
    [
      'names an agreement that is not known',
      'JOINT_UNKNOWN',
      () => nantong,
      () => named('leave', nantong.core.newId()),
    ],
    ['names a part of another region', 'JOINT_INVALID', () => nantong, () => named('fund')],
    ['names a part with another item', 'JOINT_INVALID', () => nantong, () => named('social')],
    ['names nothing', 'JOINT_INVALID', () => nantong, () => null],
  ])('is refused when it %s: %s, and opens nothing', async (_, code, from, reference) => {
    expect(await refusal(from(), reference())).toBe(code);
  });

  it('is refused once the agreement has ended: JOINT_INACTIVE', async () => {
    const ended = await concluded();
    await uxin.services.joint.revoke(ended, '协议终止', false);
    await until('the end', async () => (await nantong.services.joint.get(ended)).state === 'ended');
    expect(await refusal(nantong, named('leave', ended))).toBe('JOINT_INACTIVE');
    await expect(nantong.services.jointCases.open(input({ agreement: ended }))).rejects.toMatchObject({
      code: 'JOINT_INACTIVE',
    });
  }, 60_000);

  function named(id: string, agreementId = agreement): messages.JointReference {
    return { agreementId, part: id, jointNumber: 'J1' };
  }
});

/** Accepts, approves and issues where the lead hears nothing of it. */
async function decideAt(side: LiveRegion, conversation: string): Promise<void> {
  const step = (event: Event, data: object = {}) =>
    side.services.cases.act(conversation, event, { handler: BACK_OFFICE, ...data });
  await step('accept');
  await step('approve', { explanation: '准予许可' });
  await step('issue', { ...CERTIFICATE, validUntil: Date.now() + 365 * DAY });
}
