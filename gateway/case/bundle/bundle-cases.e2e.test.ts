import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLICANT, agreementDraft, authorize, BACK_OFFICE, CODES, fileOf, WINDOW } from '../../testing/agency-case.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';
import { JointCases } from '../joint/joint-cases.ts';
import type { JointNews } from '../joint/joint-news.ts';
import type { JointCaseView } from '../joint/joint-view.ts';
import { LimitWatch } from '../limits/limit-watch.ts';
import type { Event } from '../transitions.ts';

const DAY = 24 * 60 * 60 * 1000;
const [SHOP, TAX, FOOD, UNDELIVERED] = ['EX971', 'EX972', 'EX973', 'EX974'] as [string, string, string, string];
const IDENTITY = '身份证明';
const DEPARTMENT = { name: '示例审批局', code: CODES.uxinMarket };
const CERTIFICATE = {
  authority: DEPARTMENT,
  fields: {
    legal_representative: '测试人',
    residence: '测试路1号',
    business_premises: '测试路1号',
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  },
};
/** Milliseconds that the clock of the lead is ahead. */
const clock = { ahead: 0, now: () => Date.now() + clock.ahead };

let nantong: LiveRegion;
let uxin: LiveRegion;
let folders: string[];

const field = (name: string) => ({
  type: 'object',
  properties: { [name]: { type: 'string', maxLength: 50 } },
  required: [name],
  additionalProperties: false,
});

function item(code: string, department: string, modes: string[], materials: string[], form?: object) {
  return {
    ...{ code, name: `事项 ${code}`, department, department_code: DEPARTMENT.code, modes },
    ...{ applicant: 'legal-person', promised_working_days: 5, result: '食品经营许可证' },
    materials: materials.map((name) => ({ name, original_to_be_checked: false, may_follow_later: false })),
    ...(form && { form }),
  };
}

const bundle = (code: string, changes: object = {}) => ({
  ...{ code, name: '开办食品店一件事', working_days: 5 },
  lead: { department: '南通市行政审批局', department_code: DEPARTMENT.code },
  parts: [
    { key: 'shop', item: SHOP },
    { key: 'tax', item: TAX, after: ['shop'] },
    { key: 'food', item: FOOD, region: '150626' },
  ],
  fields: [
    {
      name: '经营场所',
      of: [
        { part: 'shop', name: '住所' },
        { part: 'tax', name: '地址' },
      ],
    },
  ],
  materials: [
    {
      name: IDENTITY,
      of: [
        { part: 'shop', name: '身份证明' },
        { part: 'tax', name: '身份证复印件' },
        { part: 'food', name: '身份证明' },
      ],
    },
  ],
  ...changes,
});

beforeAll(async () => {
  folders = [await makeRegionFolder('320600'), await makeRegionFolder('150626')];
  nantong = await openLiveRegion(folders[0]!, clock);
  uxin = await openLiveRegion(folders[1]!);
  await pinEachOther(nantong, uxin);
  const [agency] = agreementDraft('320600', '150626').grants;
  await authorize(nantong, uxin, Date.now(), {
    grants: [
      { ...agency!, department: DEPARTMENT, items: [FOOD] },
      { ...agency!, department: DEPARTMENT, items: [UNDELIVERED], rights: ['R1a'] },
    ],
  });
  await offer(uxin, [item(FOOD, '市场监管', ['agency'], [IDENTITY]), item(UNDELIVERED, '市场监管', ['agency'], [])]);
  await nantong.services.catalogue.importItems({
    items: [
      item(SHOP, '行政审批局', ['online'], [IDENTITY], field('住所')),
      item(TAX, '税务局', ['agency'], ['身份证复印件'], field('地址')),
    ],
  });
  await nantong.services.bundles.importBundles({
    bundles: [
      bundle('YJS-1'),
      bundle('YJS-2', { if_part_fails: 'whole-falls' }),
      bundle('YJS-3', {
        parts: [
          { key: 'shop', item: SHOP },
          { key: 'food', item: UNDELIVERED, region: '150626' },
        ],
        ...{ fields: [], materials: [] },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await Promise.all([nantong, uxin].map((side) => side.stop()));
  await removeFolders(...folders);
});

/** Imports items and publishes them to the lead. */
async function offer(side: LiveRegion, items: readonly { code: string }[]): Promise<void> {
  await side.services.catalogue.importItems({ items });
  await side.services.catalogue.publish('320600', '跨省通办');
  const { digest } = await side.services.catalogue.get(side.region, items[0]!.code);
  await until('the items', async () => {
    const listed = await nantong.services.catalogue.list(side.region);
    return listed.some((one) => one.digest.equals(digest));
  });
}

async function restartLead(): Promise<void> {
  await nantong.stop();
  nantong = await openLiveRegion(folders[0]!, clock);
}

const input = (changes: object = {}) => ({
  ...{ bundle: 'YJS-1', applicant: APPLICANT, form: { 经营场所: '测试路1号' }, handler: WINDOW },
  ...changes,
});
const open = (changes: object = {}) => nantong.services.jointCases.open(input(changes), 'bundle');
const whole = (key: string) => nantong.services.jointCases.get(key, 'bundle');
const act = (key: string, name: 'submit' | 'hand-over' | 'withdraw', data: object = {}) =>
  nantong.services.jointCases.act(key, name, { handler: WINDOW, ...data });
const statesOf = ({ parts }: JointCaseView) => Object.fromEntries(parts.map(({ part, state }) => [part, state]));

/** Opens a whole, hands the one file in, and submits it. */
async function submitted(changes: object = {}): Promise<string> {
  const { conversation } = await open(changes);
  const upload = { name: IDENTITY, mediaType: 'application/pdf', grade: 'C' };
  await nantong.services.jointCases.addMaterial(conversation, upload, fileOf(conversation, 3000));
  await act(conversation, 'submit');
  return conversation;
}

async function partOf(key: string, part: string): Promise<string> {
  return (await whole(key)).parts.find((one) => one.part === part)!.conversation;
}

/** Waits until the parts stand so at the lead. */
function are(key: string, wanted: Record<string, string>): Promise<void> {
  return until(`parts ${JSON.stringify(wanted)}`, async () => {
    const states = statesOf(await whole(key));
    return Object.entries(wanted).every(([part, state]) => states[part] === state);
  });
}

function is(side: LiveRegion, conversation: string, state: string): Promise<void> {
  return until(`${conversation} ${state}`, async () => {
    const file = await side.services.cases.demand(conversation).catch(() => undefined);
    return file?.state === state && !file.pending;
  });
}

/** A part is decided where it belongs. */
async function decide(key: string, part: string, outcome: 'issue' | 'deny' | 'refuse'): Promise<void> {
  const side = part === 'food' ? uxin : nantong;
  const conversation = await partOf(key, part);
  await is(side, conversation, part === 'food' ? 'transferred' : 'received');
  const step = (event: Event, data: object = {}) =>
    side.services.cases.act(conversation, event, { handler: BACK_OFFICE, ...data });
  if (outcome === 'refuse') {
    await step('refuse', { reason: '不属于受理范围', legalBasis: '行政许可法第三十二条' });
    return;
  }
  await step('accept');
  await step(outcome === 'deny' ? 'deny' : 'approve', { explanation: '依法决定' });
  if (outcome === 'issue') await step('issue', { ...CERTIFICATE, validUntil: Date.now() + 365 * DAY });
}

describe('one-thing bundles (一件事), two regions', () => {
  it('B1 B2 B3 B4 B6: one form and one file open three items of two departments and two regions, in order, over a restart, to one hand-over', async () => {
    const key = await submitted();
    const begun = await whole(key);
    expect(begun).toMatchObject({ state: 'running', bundle: 'YJS-1', bundleVersion: 1, agreement: '' });
    expect(begun.number).toMatch(/^B320600\d{14}$/);
    expect(begun.limit).toMatchObject({ workingDays: 5, isLate: false });
    expect(begun.parts.map(({ department }) => department)).toEqual(['行政审批局', '税务局', '市场监管']);
    // B4: two begin side by side, in two regions; the third does not exist yet.
    expect(statesOf(begun)).toEqual({ shop: 'running', tax: 'waiting', food: 'running' });
    const [shop, tax, food] = await Promise.all(['shop', 'tax', 'food'].map((part) => partOf(key, part)));
    await is(uxin, food!, 'transferred');
    await expect(nantong.services.cases.demand(tax!)).rejects.toMatchObject({ code: 'NOT_FOUND' });

    // B6: the other region knows that it is a part, whose it is, and nothing more.
    const there = await uxin.services.cases.demand(food!);
    expect(there).toMatchObject({
      mode: 'agency',
      document: {
        applicant: { name: APPLICANT.name, mobile: '', address: '' },
        form: {},
        joint: { agreement: '', part: '', number: begun.number, handover: 'one-window' },
      },
    });
    expect(JSON.stringify(there)).not.toMatch(/YJS-1|shop|tax|EX971|EX972|一件事/);

    // As if the lead had been away while the other part was decided.
    await decide(key, 'shop', 'issue');
    await restartLead();
    await nantong.services.jointCases.tend();
    await are(key, { shop: 'done', tax: 'running' });
    await decide(key, 'tax', 'issue');
    expect((await nantong.services.cases.events(tax!)).filter(({ event }) => event === 'receive')).toHaveLength(1);

    // B2, B3: the value and the file went everywhere under the names that the items have.
    const [one, other] = [await nantong.services.cases.demand(shop!), await nantong.services.cases.demand(tax!)];
    expect([one.document.form, other.document.form]).toEqual([{ 住所: '测试路1号' }, { 地址: '测试路1号' }]);
    const files = [one, other, there].map(({ document }) =>
      document.materials.map(({ name, digest }) => [name, digest]),
    );
    const digest = (await whole(key)).document.materials[0]!.digest;
    expect(files).toEqual([[[IDENTITY, digest]], [['身份证复印件', digest]], [[IDENTITY, digest]]]);

    await expect(act(key, 'hand-over', { way: 'window' })).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      message: expect.stringContaining('still open: food'),
    });
    await decide(key, 'food', 'issue');
    for (const [side, handler, conversation] of [
      [uxin, BACK_OFFICE, food!],
      [nantong, WINDOW, food!],
      [nantong, WINDOW, shop!],
    ] as const) {
      await is(side, conversation, 'issued');
      const alone = side.services.cases.act(conversation, 'deliver', { handler, way: 'post' });
      await expect(alone).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    }
    await until('the whole', async () => (await whole(key)).state === 'complete');
    const handed = await act(key, 'hand-over', { way: 'window' });
    expect(handed).toMatchObject({ state: 'handed-over' });
    expect(handed.document.handOver!.results).toEqual(
      ['shop', 'tax', 'food'].map((part) => ({ part, outcome: 'issued', delivered: true })),
    );
    await is(uxin, food!, 'delivered');
    await is(nantong, tax!, 'delivered');
    await expect(act(key, 'hand-over', { way: 'window' })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  }, 60_000);

  it('B6: a part that is refused stops what comes after it alone; the others go on, and the hand-over names it', async () => {
    const key = await submitted();
    await decide(key, 'food', 'refuse');
    await are(key, { food: 'failed', shop: 'running', tax: 'waiting' });
    await decide(key, 'shop', 'deny');
    await until('the whole', async () => (await whole(key)).state === 'complete');
    const handed = await act(key, 'hand-over', { way: 'window' });
    expect(handed.document.handOver!.results).toEqual([
      { part: 'shop', outcome: 'denied', delivered: true },
      { part: 'tax', outcome: 'skipped', delivered: false },
      { part: 'food', outcome: 'refused', delivered: false },
    ]);
  }, 60_000);

  it('B6: the whole falls with a part where the bundle says so: what runs elsewhere is withdrawn, and is named', async () => {
    const key = await submitted({ bundle: 'YJS-2' });
    const food = await partOf(key, 'food');
    await is(uxin, food, 'transferred');
    await decide(key, 'shop', 'deny');
    await until('the whole', async () => (await whole(key)).state === 'complete');
    await is(uxin, food, 'withdrawn');
    const { document } = await act(key, 'hand-over', { way: 'post' });
    expect(document.fall).toMatchObject({ part: 'shop' });
    expect(document.handOver!.results).toEqual([
      { part: 'shop', outcome: 'denied', delivered: true },
      { part: 'tax', outcome: 'skipped', delivered: false },
      { part: 'food', outcome: 'withdrawn', delivered: false },
    ]);
  }, 60_000);

  it('is withdrawn as a whole, with a part too that the other region would not take', async () => {
    const rename = (from: string, to: string) =>
      uxin.core.store.write((tx) => tx.run('UPDATE item_version SET code = ? WHERE code = ?', to, from));
    await rename(FOOD, 'EX979');
    const key = await submitted();
    const food = await partOf(key, 'food');
    await until('the refusal', async () => {
      await nantong.services.jointCases.tend();
      return (await whole(key)).parts.some(({ part, code }) => part === 'food' && code === 'ITEM_UNKNOWN');
    });
    const preview = nantong.services.cases.act(food, 'request-preview', { handler: WINDOW });
    await expect(preview).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await act(key, 'withdraw', { reason: '不再需要' });
    await until('the end', async () => (await whole(key)).state === 'withdrawn');
    expect(statesOf(await whole(key))).toEqual({ shop: 'failed', tax: 'skipped', food: 'failed' });
    expect((await nantong.services.cases.demand(food)).state).toBe('withdrawn');
    await rename('EX979', FOOD);
  }, 60_000);

  it('B3: names everything that any part misses once, and begins nothing', async () => {
    const { conversation } = await open();
    await expect(act(conversation, 'submit')).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      problems: [
        {
          pointer: `/materials/${IDENTITY}`,
          code: 'REQUIRED',
          message: expect.stringContaining('"shop", "tax", "food"'),
        },
      ],
    });
    expect(await whole(conversation)).toMatchObject({ state: 'draft' });
  });

  it('opens nothing that could not be handed over: R5 is judged when it is opened', async () => {
    const opening = open({ bundle: 'YJS-3', form: { 住所: '测试路1号' } });
    await expect(opening).rejects.toMatchObject({ code: 'RIGHT_MISSING', message: expect.stringContaining('"food"') });
  });

  it('B5: says once that the limit of the whole is near and that it has run out, whatever restarts', async () => {
    const key = await submitted();
    const { dueAt } = (await whole(key)).limit!;
    const told: Pick<JointNews, 'conversation' | 'event' | 'dueAt'>[] = [];
    const look = async () => {
      const { core, services } = nantong;
      const emit = async (_: unknown, { conversation, event, dueAt: at }: JointNews) => {
        told.push({ conversation, event, dueAt: at! });
      };
      const { office } = core.config;
      const itemOf = async () => undefined;
      const context = { ...core, ...services, now: clock.now, office, itemOf, emit, onError: expect.unreachable };
      const wholes = new JointCases(context);
      await new LimitWatch({
        ...{ region: core.region, store: core.store },
        now: clock.now,
        emit: async () => {},
        acceptBySilence: async () => {},
        tellWhole: (tx, due) => wholes.limitDue(tx, due),
        onOverdue: () => {},
        onError: (error) => expect.unreachable(String(error)),
      }).look();
    };
    clock.ahead = dueAt - DAY / 2 - Date.now();
    const ours = () => told.filter(({ conversation }) => conversation === key).map(({ event }) => event);
    await Promise.all([look(), look()]);
    expect(ours()).toEqual(['limit-warning']);
    clock.ahead += DAY;
    await restartLead();
    await Promise.all([look(), look()]);
    await look();
    expect(ours()).toEqual(['limit-warning', 'limit-overdue']);
    expect(told.at(-1)).toMatchObject({ dueAt: expect.any(Number) });
    expect((await whole(key)).limit).toMatchObject({ isLate: true });
    clock.ahead = 0;
  }, 60_000);

  it('keeps nobody in a draft for ever, and erases a whole with its parts when it is asked to', async () => {
    const { conversation: draft } = await open();
    await nantong.services.jointCases.addMaterial(
      draft,
      { name: IDENTITY, mediaType: 'application/pdf', grade: 'C' },
      fileOf(draft, 100),
    );
    const { conversation: fresh } = await open();
    const wish = { handler: WINDOW, ground: 'applicant-request', reason: '申请人要求' } as const;
    await expect(nantong.services.erasures.askWhole(fresh, wish)).rejects.toMatchObject({ code: 'CONFLICT' });
    await nantong.core.store.write((tx) =>
      tx.run('UPDATE joint_case SET updated_at = ? WHERE conversation = ?', Date.now() - 11 * 365 * DAY, draft),
    );
    await restartLead();
    await nantong.services.erasures.look();
    expect((await whole(draft)).document).toMatchObject({ applicant: { name: '' }, form: {}, materials: [] });
    expect((await whole(fresh)).document.applicant.name).toBe(APPLICANT.name);
    await expect(act(draft, 'submit')).rejects.toMatchObject({ code: 'CONFLICT' });

    const key = await submitted();
    const food = await partOf(key, 'food');
    await is(uxin, food, 'transferred');
    await act(key, 'withdraw', { reason: '不再需要' });
    await until('the end', async () => (await whole(key)).state === 'withdrawn');
    const naming = nantong.services.erasures.askWhole(key, { ...wish, reason: APPLICANT.name });
    await expect(naming).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await nantong.services.erasures.askWhole(key, wish);
    await until('the erasure', async () => (await whole(key)).erasedAt !== undefined);
    expect(JSON.stringify(await whole(key))).not.toContain(APPLICANT.documentNumber);
    expect((await nantong.services.cases.demand(food)).document.applicant.name).toBe('');
  }, 60_000);
});
