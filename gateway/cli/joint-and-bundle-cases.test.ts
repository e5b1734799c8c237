import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runHere } from './testing/run-here.ts';
import { type ScriptedGateway, startScriptedGateway } from './testing/scripted-gateway.ts';

const HANDLER = { organisation: '南通市政务服务中心', window: '1', staff: 'NT001' };
const DATA = JSON.stringify({ handler: HANDLER });

/** What the gateway answers, by method and path: a status and JSON. */
let answers: Record<string, readonly [number, unknown]>;
let asked: { url: string; body: string }[];
let gateway: ScriptedGateway;
let folder: string;

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    const url = `${request.method} ${request.url}`;
    asked.push({ url: decodeURIComponent(url), body: (await buffer(request)).toString() });
    const [status, body] = answers[url] ?? [404, { code: 'NOT_FOUND', detail: 'there is none', errors: [] }];
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
  });
  folder = gateway.folder;
});

beforeEach(() => {
  answers = {};
  asked = [];
});

afterAll(() => gateway.stop());

const tongban = (...args: readonly string[]) => runHere([...args, '--gateway', folder]);

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

const part = (name: string, state: string, changes: object = {}) => ({
  ...{ part: name, region: '150626', item: 'EX1', after: [], code: '', conversation: 'c' },
  stateLabel: { zh: '办理中', en: state },
  ...changes,
});
const whole = (changes: object = {}) => ({
  ...{ conversation: 'w', number: 'N1', name: '开店一件事', updatedAt: 1_795_000_000_000 },
  stateLabel: { zh: '联办中', en: 'running' },
  parts: [part('shop', 'running', { case: { number: '42', state: 'accepted' } }), part('tax', 'skipped')],
  ...changes,
});

describe.each([
  ['joint', '/v1/joint-cases', 'jointCases', { agreement: '7a1d8f0e' }, '协议 Agreement'],
  ['bundle', '/v1/bundle-cases', 'bundleCases', { bundle: { code: 'YJS-1', version: 2 } }, 'YJS-1 · 2'],
] as const)('tongban case %s', (name, path, list, follows, shown) => {
  test('opens, adds, checks, submits, hands over, withdraws and erases at its own address', async () => {
    const answer = whole(follows);
    answers = {
      [`POST ${path}`]: [201, answer],
      [`POST ${path}/N1/materials?name=chart&grade=D`]: [201, { name: 'chart', digest: 'ab' }],
      [`POST ${path}/N1/materials/ab/check`]: [200, { name: 'chart', grade: 'B' }],
      [`POST ${path}/N1/acts`]: [200, answer],
      [`POST ${path}/N1/erasure`]: [200, answer],
    };
    const file = join(folder, 'chart.pdf');
    await writeFile(file, 'chart');
    const input = JSON.stringify({ applicant: { name: '测试' } });
    const opened = await tongban('case', name, 'open', input);
    expect([opened.code, opened.stderr]).toEqual([0, '']);
    expect(opened.stdout).toContain(shown);
    for (const args of [
      ['add', 'N1', file, '--name', 'chart', '--grade', 'D'],
      ['check', 'N1', 'ab', '--handler', JSON.stringify(HANDLER)],
      ['submit', 'N1', '--data', DATA],
      ['hand-over', 'N1', '--data', DATA],
      ['withdraw', 'N1', '--data', DATA],
      ['erase', 'N1', '--data', DATA],
    ])
      expect((await tongban('case', name, ...args)).code).toBe(0);
    expect(asked.map(({ url }) => url)).toEqual([
      `POST ${path}`,
      `POST ${path}/N1/materials?name=chart&grade=D`,
      `POST ${path}/N1/materials/ab/check`,
      ...['acts', 'acts', 'acts', 'erasure'].map((last) => `POST ${path}/N1/${last}`),
    ]);
    expect(asked.slice(3, 6).map(({ body }) => json(body))).toEqual(
      ['submit', 'hand-over', 'withdraw'].map((act) => ({ act, data: { handler: HANDLER } })),
    );
    expect([json(asked[0]!.body), json(asked[6]!.body)]).toEqual([json(input), { handler: HANDLER }]);
  });

  test('shows the parts and what became of them, and lists', async () => {
    const results = [
      { part: 'shop', outcome: 'issued', delivered: true },
      { part: 'tax', outcome: 'skipped', delivered: false },
    ];
    const limit = { workingDays: 5, dueAt: 1_795_000_000_000, isLate: true };
    answers[`GET ${path}/N1`] = [200, whole({ ...follows, fall: { part: 'tax' }, handOver: { results }, limit })];
    answers[`GET ${path}?limit=1`] = [200, { [list]: [whole(follows)], next: 'more' }];
    const { stdout } = await tongban('case', name, 'show', 'N1');
    expect(stdout).toMatch(/Fell with +tax\n/);
    expect(stdout).toMatch(/逾期 late\n/);
    expect(stdout).toMatch(/^shop +150626 +EX1 +办理中 running +42 accepted +是 yes/m);
    expect((await tongban('case', name, 'list', '--limit', '1')).stdout).toMatch(/N1 +开店一件事[\s\S]*--cursor more/);
    answers[`GET ${path}`] = [200, { [list]: [] }];
    expect((await tongban('case', name, 'list')).stdout).toMatch(/没有/);
  });

  test('refuses wrong input with 2, and says what the gateway says of it', async () => {
    const wrong = [
      ['open'],
      ['open', '{"half":'],
      ['open', join(folder, 'absent.json')],
      ['add', 'N1', join(folder, 'absent.pdf'), '--name', 'x'],
      ['add', 'N1', folder],
      ['add', 'N1', folder, '--name', 'x', '--grade', 'A'],
      ['submit', 'N1'],
      ['hand-over', 'N1', '--data', 'nonsense'],
      ['check', 'N1', 'ab'],
      ['explode', 'N1'],
    ];
    for (const args of wrong) expect([args, (await tongban('case', name, ...args)).code]).toEqual([args, 2]);
    expect(asked).toEqual([]);
    const errors = [{ pointer: '/materials/图', code: 'REQUIRED', message: '"shop", "tax": the item demands it' }];
    answers[`POST ${path}/N1/acts`] = [422, { code: 'VALIDATION_FAILED', detail: 'not complete', errors }];
    const refused = await tongban('case', name, 'submit', 'N1', '--data', DATA);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('"shop", "tax": the item demands it')]);
    const absent = await tongban('case', name, 'show', 'N2', '--json');
    expect(json(absent.stdout)).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });
});

describe('tongban bundle', () => {
  const YAML = 'bundles:\n  - code: YJS-1\n    name: 开店一件事\n    parts:\n      - { key: shop, item: EX1 }\n';

  test('imports YAML and JSON, and says what became of each and what to look at', async () => {
    const warnings = [{ pointer: '/bundles/0/name', code: 'LONGER_THAN_ITEMS', message: 'too long' }];
    const bundles = [{ code: 'YJS-1', name: '开店一件事', change: 'added' }];
    answers['PUT /v1/bundles'] = [200, { imported: 1, bundles, warnings }];
    answers['PUT /v1/bundles?dryRun=true'] = [200, { imported: 0, bundles, warnings: [] }];
    const file = join(folder, 'bundles.yaml');
    await writeFile(file, YAML);
    const done = await tongban('bundle', 'import', file);
    expect(done.stdout).toMatch(/^已导入 \/ imported: 1\n[\s\S]*YJS-1 +开店一件事 +新增 added/);
    expect(done.stderr).toContain('3:11 too long');
    const tried = await tongban('bundle', 'import', file, '--dry-run');
    expect([tried.code, tried.stdout]).toEqual([0, expect.not.stringContaining('imported')]);
    expect(asked.map(({ body }) => json(body))).toEqual(
      Array(2).fill({ bundles: [{ code: 'YJS-1', name: '开店一件事', parts: [{ key: 'shop', item: 'EX1' }] }] }),
    );
  });

  test('names every fault by line and character; a dry run lists them', async () => {
    const errors = [
      { pointer: '/bundles/0/parts/0/item', code: 'ITEM_UNKNOWN', message: 'we offer no item EX1' },
      { pointer: '/bundles/0/code', code: 'TYPE', message: 'wrong' },
    ];
    for (const query of ['', '?dryRun=true'])
      answers[`PUT /v1/bundles${query}`] = [422, { code: 'VALIDATION_FAILED', detail: 'no', errors }];
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, YAML);
    const refused = await tongban('bundle', 'import', file, '--json');
    expect(refused.code).toBe(2);
    expect(json(refused.stdout)).toMatchObject({ error: { problems: [{ pointer: '2:11' }, { pointer: '5:28' }] } });
    const tried = await tongban('bundle', 'import', file, '--dry-run');
    expect([tried.code, tried.stdout]).toEqual([2, expect.stringMatching(/5 +28 +ITEM_UNKNOWN/)]);
    await writeFile(file, 'bundles: [}');
    const broken = await tongban('bundle', 'import', file, '--json');
    expect([broken.code, json(broken.stdout)]).toMatchObject([2, { error: { problems: [{ code: 'SYNTAX' }] } }]);
    expect((await tongban('bundle', 'import', join(folder, 'absent.yaml'))).code).toBe(2);
    expect((await tongban('bundle', 'import')).code).toBe(2);
    expect(asked).toHaveLength(2);
  });

  test('lists bundles, and shows one form and one list with the parts that ask', async () => {
    const bundle = {
      ...{ code: 'YJS-1', version: 1, validSince: 1_795_000_000_000, name: '开店一件事', workingDays: 5 },
      ...{ lead: { department: '审批局' }, ifPartFails: 'others-go-on' },
      parts: [{ key: 'tax', region: '320600', item: 'EX2', after: ['shop'] }],
    };
    const askedBy = [
      { part: 'shop', name: '住所' },
      { part: 'tax', name: '地址' },
    ];
    const material = { originalToBeChecked: true, mayFollowLater: false, originals: 1, copies: 0 };
    answers['GET /v1/bundles'] = [200, { bundles: [bundle] }];
    answers['GET /v1/bundles/YJS-1'] = [
      200,
      {
        ...bundle,
        form: { fields: [{ name: '住所', isRequired: true, askedBy }] },
        materialList: [{ ...material, name: '执照', askedBy: [{ part: 'tax', name: '执照' }] }],
        problems: [{ pointer: '/parts/0/item', code: 'ITEM_UNKNOWN', message: 'gone' }],
        warnings: [],
      },
    ];
    expect((await tongban('bundle', 'list')).stdout).toMatch(/YJS-1 +开店一件事 +审批局 +1 +5 +1/);
    const { stdout, stderr } = await tongban('bundle', 'show', 'YJS-1');
    expect(stdout).toMatch(/tax +320600 +EX2 +shop\n/);
    expect(stdout).toMatch(/住所 +是 yes +shop, tax \(地址\)\n/);
    expect(stdout).toMatch(/执照 +1 +0 +是 yes +tax\n/);
    expect(stderr).toContain('/parts/0/item gone');
    expect((await tongban('bundle', 'show', 'none')).code).toBe(2);
  });
});
