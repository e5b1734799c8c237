import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APPLICANT, CODES, WINDOW } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion, type Told } from '../../testing/api-region.ts';

const LEAD = { department: '南通市行政审批局', department_code: CODES.uxinMarket };
const [FIRST, SECOND, THIRD] = ['EX981', 'EX982', 'EX983'];
const CHART = '平面布局图';

let nantong: ApiRegion;

const item = (code: string, changes: object = {}) => ({
  ...{ code, name: `事项 ${code}`, department: '审批局', applicant: 'legal-person', modes: ['online'] },
  ...{ promised_working_days: 2, materials: [], result: '登记结果' },
  ...changes,
});
const form = (properties: object) => ({ type: 'object', properties, required: ['住所'], additionalProperties: false });
const bundle = (changes: object = {}) => ({
  ...{ code: 'YJS-API', name: '开店一件事', lead: LEAD, working_days: 3 },
  parts: [
    { key: 'first', item: FIRST },
    { key: 'second', item: SECOND, after: ['first'] },
    { key: 'third', item: THIRD },
  ],
  ...changes,
});

beforeAll(async () => {
  nantong = await apiRegion('320600');
  const material = { name: CHART, original_to_be_checked: true, may_follow_later: false };
  await nantong.live.services.catalogue.importItems({
    items: [
      item(FIRST!, { form: form({ 住所: { type: 'string' } }), materials: [material] }),
      item(SECOND!, { form: form({ 住所: { type: 'string' }, 面积: { type: 'number' } }) }),
      item(THIRD!),
    ],
  });
});

afterAll(() => nantong.close());

const put = (
  body: unknown,
  { role = 'sysadmin', query = '' }: { role?: 'sysadmin' | 'operator'; query?: string } = {},
) => nantong.ask('PUT', `/v1/bundles${query}`, { body, role });

describe('bundles by the API', () => {
  it('B1 B2 B3 B5: are judged by a dry run, imported by a system administrator, listed, and shown with one form and one list', async () => {
    const tried = await put({ bundles: [bundle()] }, { query: '?dryRun=true' });
    expect(tried).toMatchObject({ status: 200, json: { imported: 0, bundles: [{ change: 'added' }] } });
    expect(tried.json.warnings).toMatchObject([{ pointer: '/bundles/0/working_days', code: 'LONGER_THAN_ITEMS' }]);
    expect((await nantong.ask('GET', '/v1/bundles')).json).toEqual({ bundles: [] });
    expect((await put({ bundles: [bundle()] }, { role: 'operator' })).status).toBe(403);
    expect((await put({ bundles: [bundle()] })).json).toMatchObject({ imported: 1 });
    expect((await nantong.ask('GET', '/v1/bundles', { role: 'auditor' })).json.bundles).toMatchObject([
      { code: 'YJS-API', version: 1, lead: { department: LEAD.department }, ifPartFails: 'others-go-on' },
    ]);
    expect((await nantong.ask('GET', '/v1/bundles/YJS-API')).json).toMatchObject({
      form: {
        schema: { properties: { 住所: { type: 'string' }, 面积: { type: 'number' } }, required: ['住所'] },
        fields: [{ name: '住所', askedBy: [{ part: 'first' }, { part: 'second' }] }, { name: '面积' }],
        anyForm: ['third'],
      },
      materialList: [{ name: CHART, originalToBeChecked: true, askedBy: [{ part: 'first', name: CHART }] }],
      problems: [],
    });
    expect((await nantong.ask('GET', '/v1/bundles/nothing')).status).toBe(404);
  });

  it.each<[string, unknown, string[]]>([
    ['no file', [], ['']],
    ['nothing', { bundles: [] }, ['/bundles']],
    [
      'several faults',
      {
        bundles: [bundle({ lead: 7 }), bundle({ parts: [{ key: 'a', item: 'EX1', after: ['a', 'b'] }, { key: 'a' }] })],
      },
      [
        '/bundles/0/lead',
        '/bundles/1/code',
        '/bundles/1/parts/0/after',
        '/bundles/1/parts/0/after/1',
        '/bundles/1/parts/1/item',
        '/bundles/1/parts/1/key',
      ],
    ],
  ])('refuse %s, naming everything at once, and keep nothing', async (_, body, pointers) => {
    const before = await nantong.counts();
    const { status, json } = await put(body);
    expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(pointers);
    expect(await nantong.counts()).toEqual(before);
    expect((await put(body, { query: '?dryRun=perhaps' })).status).toBe(422);
  });
});

describe('cases of bundles by the API', () => {
  const input = (changes: object = {}) => ({
    ...{ bundle: 'YJS-API', applicant: APPLICANT, form: { 住所: '测试路1号', 面积: '80' }, handler: WINDOW },
    ...changes,
  });
  const open = (changes: object = {}) => nantong.ask('POST', '/v1/bundle-cases', { body: input(changes) });
  const act = (key: string, name: string, data: object = {}): Promise<Told> =>
    nantong.ask('POST', `/v1/bundle-cases/${key}/acts`, { body: { act: name, data: { handler: WINDOW, ...data } } });

  it('B2 B3 B6: are opened, completed, submitted, listed apart from joint cases, withdrawn and erased', async () => {
    const opened = await open({ forms: { third: { 附言: '请电话联系' } } });
    expect(opened).toMatchObject({ status: 201, json: { state: 'draft', bundle: { code: 'YJS-API', version: 1 } } });
    expect(opened.json).not.toHaveProperty('agreement');
    const { number, conversation } = opened.json;
    const missing = await act(number, 'submit');
    expect(missing).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: `/materials/${CHART}`, code: 'REQUIRED' }] },
    });
    const url = `/v1/bundle-cases/${number}/materials`;
    const { json: file } = await nantong.ask('POST', `${url}?name=${encodeURIComponent(CHART)}`, {
      body: Buffer.from('x'),
    });
    expect((await act(number, 'submit')).json.errors).toMatchObject([{ code: 'ORIGINAL' }]);
    await nantong.ask('POST', `${url}/${file.digest}/check`, { body: { handler: WINDOW } });
    const { json: submitted } = await act(number, 'submit');
    expect(submitted.parts).toMatchObject([{ state: 'running' }, { state: 'waiting' }, { state: 'running' }]);
    const third = submitted.parts[2].conversation;
    const part = await nantong.ask('GET', `/v1/cases/${third}?purpose=test`);
    expect(part.json).toMatchObject({ form: { 附言: '请电话联系' }, joint: { agreement: '', part: 'third', number } });

    expect((await nantong.ask('GET', '/v1/bundle-cases')).json.bundleCases).toMatchObject([{ conversation }]);
    expect((await nantong.ask('GET', '/v1/joint-cases')).json.jointCases).toEqual([]);
    expect((await nantong.ask('GET', `/v1/joint-cases/${number}`)).status).toBe(404);
    const erase = (body: unknown, role: 'secadmin' | 'operator' = 'secadmin') =>
      nantong.ask('POST', `/v1/bundle-cases/${number}/erasure`, { body, role });
    expect((await erase({ handler: WINDOW, reason: '申请人要求' })).status).toBe(409);
    await act(number, 'withdraw', { reason: '不再需要' });
    await nantong.live.services.jointCases.tend();
    expect((await nantong.ask('GET', `/v1/bundle-cases/${number}`)).json.state).toBe('withdrawn');
    expect((await erase({ handler: WINDOW, reason: '申请人要求' }, 'operator')).status).toBe(403);
    const wrong = await erase({ reason: '', ground: 'whim', surprise: 1 });
    expect(wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/ground',
      '/handler',
      '/reason',
      '/surprise',
    ]);
    expect((await erase({ handler: WINDOW, reason: '申请人要求' })).status).toBe(200);
    await nantong.live.services.erasures.look();
    const { json: erased } = await nantong.ask('GET', `/v1/bundle-cases/${number}?purpose=test`);
    expect(erased).toMatchObject({ erasedAt: expect.any(Number), applicant: { name: '' }, form: {}, materials: [] });
  });

  it('B2: open no more once an item changed so that the bundle does not fit it, naming where', async () => {
    const narrow = (maxLength: number) => item(THIRD!, { form: form({ 住所: { type: 'string', maxLength } }) });
    await nantong.live.services.catalogue.importItems({ items: [narrow(5)] });
    const before = await nantong.counts();
    expect(await open()).toMatchObject({
      status: 422,
      json: { errors: [{ pointer: '/bundle/parts/2/item', code: 'FORM_CONFLICT' }] },
    });
    expect(await nantong.counts()).toEqual(before);
    await nantong.live.services.catalogue.importItems({ items: [item(THIRD!)] });
  });

  it.each<[string, number, object, string[]]>([
    ['no bundle', 422, { bundle: undefined }, ['/bundle']],
    ['a bundle that there is not', 404, { bundle: 'none' }, []],
    [
      'everything wrong at once',
      422,
      {
        ...{ form: { 面积: '很大', 附言: 'x' }, forms: { first: {}, nobody: {}, third: 7 } },
        ...{ item: 'EX1', handler: undefined, surprise: 1 },
      },
      [
        '/form/住所',
        '/form/附言',
        '/form/面积',
        '/forms/first',
        '/forms/nobody',
        '/forms/third',
        '/handler',
        '/item',
        '/surprise',
      ],
    ],
    ['forms that are no object', 422, { forms: [] }, ['/forms']],
    ['a form that is no object', 422, { form: 'x' }, ['/form']],
  ])('refuse %s with %i, and keep nothing', async (_, status, changes, pointers) => {
    const before = await nantong.counts();
    const answer = await open(changes);
    expect(answer.status).toBe(status);
    expect((answer.json.errors ?? []).map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(pointers);
    expect(await nantong.counts()).toEqual(before);
  });
});
