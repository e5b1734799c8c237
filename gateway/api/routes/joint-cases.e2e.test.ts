import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draftJoint, type JointContent, joinJoint } from '#trust';
import { joints, proposedJoint } from '../../joint/joint-table.ts';
import { APPLICANT, CODES, WINDOW } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion, type Told } from '../../testing/api-region.ts';

const DAY = 24 * 60 * 60 * 1000;
const [FIRST, SECOND] = ['EX961', 'EX962'];
const CHART = '平面布局图';
const DEPARTMENT = { name: '南通市行政审批局', code: CODES.uxinMarket };

let nantong: ApiRegion;
let agreement: string;
let eachRegion: string;

beforeAll(async () => {
  nantong = await apiRegion('320600');
  const item = (code: string, materials: readonly string[]) => ({
    code,
    name: `联办事项 ${code}`,
    department: '审批局',
    department_code: DEPARTMENT.code,
    applicant: 'legal-person',
    modes: ['joint'],
    promised_working_days: 2,
    materials: materials.map((name) => ({ name, original_to_be_checked: true, may_follow_later: false })),
    result: '登记结果',
  });
  await nantong.live.services.catalogue.importItems({ items: [item(FIRST!, [CHART]), item(SECOND!, [])] });
  agreement = await inForce('one-window');
  eachRegion = await inForce('each-region');
});

afterAll(() => nantong.close());

/** Writes an agreement into the books as if all had signed it; our region decides both parts. */
async function inForce(handover: JointContent['handover']): Promise<string> {
  const { core } = nantong.live;
  const now = Date.now();
  const id = core.newId();
  const regions = ['320600', '150626', '350500'];
  const both = ['first', 'second'];
  const part = { region: '320600', department: DEPARTMENT, working_days: 2 };
  const time = (days: number) => new Date(now + days * DAY).toISOString();
  const payload = draftJoint({
    id,
    name: '企业登记一件事',
    parties: regions.map((region) => ({ region, identity: region.padEnd(43, 'A') })),
    lead: '320600',
    receiving: regions,
    handover,
    parts: [
      { ...part, id: 'first', item: FIRST!, after: [] },
      { ...part, id: 'second', item: SECOND!, after: ['first'] },
    ],
    fields: [
      { path: 'applicant.*', parts: both },
      { path: 'form.*', parts: both },
    ],
    working_days: 3,
    sign_by: time(1),
    valid_from: time(-1),
    valid_until: time(30),
    terms: '联合办理。',
    created_at: time(-2),
  });
  const text = {
    protected: Buffer.from('{"alg":"ES256","kid":"k","typ":"t"}').toString('base64url'),
    signature: 'AAAA',
  };
  const record = proposedJoint(joinJoint(payload, [text]), core.newId(), now);
  await core.store.write(async (tx) => {
    await joints.insert(tx, { ...record, state: 'active' });
  });
  return id;
}

const input = (changes: object = {}) => ({
  agreement,
  applicant: APPLICANT,
  form: { 经营项目: '食品' },
  handler: WINDOW,
  ...changes,
});
const open = async (changes: object = {}) =>
  (await nantong.ask('POST', '/v1/joint-cases', { body: input(changes) })).json;
const act = (key: string, name: string, data: object = {}): Promise<Told> =>
  nantong.ask('POST', `/v1/joint-cases/${key}/acts`, { body: { act: name, data: { handler: WINDOW, ...data } } });

async function handIn(key: string): Promise<void> {
  const url = `/v1/joint-cases/${key}/materials?name=${encodeURIComponent(CHART)}`;
  const { status, json } = await nantong.ask('POST', url, { body: Buffer.from(`chart of ${key}`) });
  expect(status).toBe(201);
  const checked = await nantong.ask('POST', `/v1/joint-cases/${key}/materials/${json.digest}/check`, {
    body: { handler: WINDOW },
  });
  expect(checked.json).toMatchObject({ grade: 'B', name: CHART });
}

const show = async (key: string) => (await nantong.ask('GET', `/v1/joint-cases/${key}`)).json;
const conversationOf = async (key: string, id: string) =>
  (await show(key)).parts.find(({ part }: { part: string }) => part === id).conversation;

async function step(conversation: string, name: string, data: object = {}): Promise<Told> {
  const body = { act: name, data: { handler: WINDOW, ...data } };
  return nantong.ask('POST', `/v1/cases/${conversation}/acts`, { body });
}

async function denied(key: string, id: string): Promise<string> {
  const conversation = await conversationOf(key, id);
  for (const [name, data] of [
    ['accept', {}],
    ['deny', { explanation: '不符合条件' }],
  ] as const)
    expect((await step(conversation, name, data)).status).toBe(200);
  await nantong.live.services.jointCases.tend();
  return conversation;
}

describe('joint cases by the API', () => {
  it('M3: are opened, submitted with all materials, followed and handed over; grades go along', async () => {
    const { number, conversation: key } = await open();
    expect(number).toMatch(/^J320600\d{14}$/);
    const missing = await act(key, 'submit');
    expect(missing).toMatchObject({ status: 422, json: { code: 'VALIDATION_FAILED' } });
    await handIn(key);
    const submitted = await act(number, 'submit');
    expect(submitted.json).toMatchObject({ state: 'running', limit: { workingDays: 3, isLate: false } });
    expect(submitted.json.parts).toMatchObject([
      { state: 'running', case: { state: 'received' } },
      { state: 'waiting' },
    ]);
    const part = (await nantong.ask('GET', `/v1/cases/${await conversationOf(key, 'first')}`)).json;
    expect(part.materials).toMatchObject([{ name: CHART, grade: 'B', checkedBy: WINDOW }]);
    expect(part).toMatchObject({ mode: 'direct', peer: '320600', joint: { agreement, part: 'first', number } });

    const conversation = await denied(key, 'first');
    expect(await show(key)).toMatchObject({ state: 'complete', parts: [{ state: 'failed' }, { state: 'skipped' }] });
    const alone = await step(conversation, 'deliver', { way: 'window' });
    expect(alone).toMatchObject({ status: 409, json: { code: 'ILLEGAL_TRANSITION' } });
    const handed = await act(key, 'hand-over', { way: 'window' });
    expect(handed.json).toMatchObject({
      state: 'handed-over',
      handOver: {
        results: [
          { part: 'first', outcome: 'denied', delivered: true },
          { part: 'second', outcome: 'skipped', delivered: false },
        ],
      },
    });
    expect((await nantong.ask('GET', `/v1/cases/${conversation}`)).json.state).toBe('delivered');
  });

  it('are handed over by each region where that is agreed, and not at once', async () => {
    const { conversation: key } = await open({ agreement: eachRegion });
    await handIn(key);
    await act(key, 'submit');
    const conversation = await denied(key, 'first');
    expect(await act(key, 'hand-over', { way: 'window' })).toMatchObject({ status: 409 });
    expect((await step(conversation, 'deliver', { way: 'window' })).json.state).toBe('delivered');
    expect((await show(key)).state).toBe('complete');
  });

  it('are withdrawn: what runs here too, and a draft at once', async () => {
    const { conversation: draft } = await open();
    expect((await act(draft, 'withdraw', { reason: '不再需要' })).json.state).toBe('withdrawn');
    const { conversation: key } = await open();
    await handIn(key);
    await act(key, 'submit');
    await act(key, 'withdraw', { reason: '不再需要' });
    await nantong.live.services.jointCases.tend();
    expect(await show(key)).toMatchObject({ state: 'withdrawn', parts: [{ state: 'failed' }, { state: 'skipped' }] });
    expect(await act(key, 'submit')).toMatchObject({ status: 409, json: { code: 'ILLEGAL_TRANSITION' } });
  });

  it('show auditors and lists nobody in full', async () => {
    const { conversation } = await open();
    const [listed] = (await nantong.ask('GET', '/v1/joint-cases?limit=1')).json.jointCases;
    expect(listed.conversation).toBe(conversation);
    const audited = (await nantong.ask('GET', `/v1/joint-cases/${conversation}`, { role: 'auditor' })).json;
    for (const shown of [listed, audited]) {
      expect(shown.applicant.name).not.toBe(APPLICANT.name);
      expect(JSON.stringify(shown)).not.toContain(APPLICANT.documentNumber);
    }
    expect(audited.form).toEqual({ 经营项目: '***' });
    expect((await show(`${conversation}?purpose=test`)).applicant).toMatchObject({ name: APPLICANT.name });
    expect((await show(conversation)).applicant).not.toMatchObject({ name: APPLICANT.name });
  });

  it.each<[string, number, string, object]>([
    ['no agreement', 422, 'VALIDATION_FAILED', { agreement: undefined }],
    ['an agreement that nobody knows', 403, 'JOINT_UNKNOWN', { agreement: 'none' }],
    ['what the agreement says itself', 422, 'VALIDATION_FAILED', { item: 'EX961' }],
    ['forms that are no object', 422, 'VALIDATION_FAILED', { forms: [] }],
    ['a form of nobody', 422, 'VALIDATION_FAILED', { forms: { third: {} } }],
    ['a wrong number', 422, 'VALIDATION_FAILED', { applicant: { ...APPLICANT, documentNumber: '1' } }],
    ['no handler', 422, 'VALIDATION_FAILED', { handler: undefined }],
    ['a member that nobody knows', 422, 'VALIDATION_FAILED', { surprise: 1 }],
  ])('refuse %s with %i %s, and keep nothing', async (_, status, code, changes) => {
    const before = await nantong.counts();
    expect(await nantong.ask('POST', '/v1/joint-cases', { body: input(changes) })).toMatchObject({
      status,
      json: { code },
    });
    expect(await nantong.counts()).toEqual(before);
  });

  it.each<[string, object]>([
    ['an act that there is not', { act: 'approve', data: { handler: WINDOW } }],
    ['no way', { act: 'hand-over', data: { handler: WINDOW } }],
    ['no handler', { act: 'submit', data: {} }],
    ['no body', {}],
  ])('refuse acts with %s', async (_, body) => {
    const { conversation } = await open();
    const answer = await nantong.ask('POST', `/v1/joint-cases/${conversation}/acts`, { body });
    expect(answer).toMatchObject({ status: 422, json: { code: 'VALIDATION_FAILED' } });
    expect((await show(conversation)).state).toBe('draft');
  });
});
