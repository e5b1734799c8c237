import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { payloadSamples } from '../../../proto/testing/payload-samples.ts';
import { alignItems } from '../../catalogue/alignment/alignment.ts';
import { readItemFile } from '../../catalogue/files/read-item-file.ts';
import { readItems } from '../../catalogue/item-document.ts';
import { wholeItem } from '../../catalogue/item-reader.ts';
import { runTongban } from '../../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const SAMPLE = wholeItem(payloadSamples.CataloguePublished.items[0]);
const HEAD = '事项编码,事项名称,实施部门,申请人,通办模式,承诺办结时限,办理结果\n';

/** What the gateway answers, by method and path. */
let answers: Record<string, unknown>;
let asked: { url: string; body: unknown }[];
let gateway: ScriptedGateway;
let folder: string;

beforeEach(async () => {
  answers = {};
  asked = [];
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push({ url: `${request.method} ${request.url}`, body: request.method === 'PUT' ? await json(request) : '' });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[`${request.method} ${request.url}`]));
  });
  folder = gateway.folder;
});

afterEach(() => gateway.stop());

const item = (...args: readonly string[]) => runTongban('item', ...args, '--gateway', folder);

async function fileOf(name: string, content: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

test('import reads a table and says what became of each item', async () => {
  const items = [
    { code: 'EX1', name: '失业登记', change: 'changed', fields: ['result'] },
    { code: 'EX2', name: '档案转递', change: 'unchanged', fields: [] },
  ];
  answers['PUT /v1/items'] = { imported: 2, items };
  answers['PUT /v1/items?dryRun=true'] = { imported: 0, items };
  const row = (code: string) => `${code},失业登记,人社局,个人,全程网办,3,登记结果\n`;
  const file = await fileOf('清单.csv', HEAD + row('EX1') + row('EX2'));
  const tried = await item('import', file, '--dry-run');
  expect(tried.code).toBe(0);
  expect(tried.stdout).toMatch(/EX1 +失业登记 +变更 changed +result\n不变 \/ unchanged: 1\n$/);
  const done = await item('import', file);
  expect(done.stdout).toMatch(/^已导入 \/ imported: 2\n/);
  expect(asked.map(({ url }) => url)).toEqual(['PUT /v1/items?dryRun=true', 'PUT /v1/items']);
  expect(readItems(asked[1]!.body).map(({ code, modes }) => [code, modes])).toEqual([
    ['EX1', ['online']],
    ['EX2', ['online']],
  ]);
});

test('import names every fault of the file by row and column, and sends nothing', async () => {
  const file = await fileOf('清单.csv', `${HEAD}EX1,,人社局,大家,全程网办,三天,登记结果\n`);
  const tried = await item('import', file, '--dry-run');
  expect(tried.code).toBe(2);
  expect(tried.stdout.match(/^ +2 +[BDF] +[A-Z_]+/gm)?.map((line) => line.trim().split(/ +/).slice(1))).toEqual([
    ['B', 'REQUIRED'],
    ['D', 'NOT_IN_LIST'],
    ['F', 'TYPE'],
  ]);
  const { code, stdout } = await item('import', file, '--json');
  expect(code).toBe(2);
  expect(JSON.parse(stdout).error.problems).toMatchObject([{ pointer: 'B2' }, { pointer: 'D2' }, { pointer: 'F2' }]);
  expect((await item('import', join(folder, 'absent.xlsx'))).code).toBe(2);
  expect(asked).toEqual([]);
});

test('export writes what import reads again', async () => {
  answers['GET /v1/items'] = { items: [{ ...SAMPLE, region: '320600', digest: 'ab' }] };
  for (const format of ['json', 'csv']) {
    const file = join(folder, `out.${format}`);
    expect((await item('export', '--format', format, '--output', file)).code).toBe(0);
    const { document, problems } = readItemFile(await readFile(file), file);
    expect(problems).toEqual([]);
    expect(readItems(document)).toEqual([SAMPLE]);
  }
});

test('history shows each version and when it held', async () => {
  const version = {
    ...SAMPLE,
    region: '320600',
    digest: 'abcd',
    n: 2,
    validSince: Date.parse('2026-11-20T09:00:00+08:00'),
  };
  answers['GET /v1/items/320600/EX014/versions'] = { versions: [version] };
  const { stdout } = await item('history', 'EX014');
  expect(stdout).toMatch(/^2 +2026-11-20 09:00:00 +现行 in force +5 +1 +abcd$/m);
  const over = { ...version, supersededAt: version.validSince + 1000 };
  answers['GET /v1/items/150626/EX014/versions'] = { versions: [over] };
  expect((await item('history', 'EX014', '--region', '150626')).stdout).toContain('2026-11-20 09:00:01');
});

test('alignment shows the differences as text, JSON and CSV', async () => {
  const theirs = { ...SAMPLE, code: 'T1', promisedWorkingDays: 9, materials: [] };
  const report = {
    ours: '320600',
    theirs: '150626',
    ...alignItems([SAMPLE], [theirs, { ...theirs, code: 'T2', name: '=另一' }]),
  };
  answers['GET /v1/items/alignment?peer=150626'] = report;
  answers['GET /v1/items/alignment?peer=150626&item=T1'] = report;
  const { stdout } = await item('alignment', '--peer', '150626');
  expect(stdout).toMatch(/承诺办结时限\(工作日\) promised limit \(working days\) +5 +9 +150626/);
  expect(stdout).toMatch(/不再要求材料「食品经营许可申请书」/);
  expect(stdout).toMatch(/only 150626: 1\n {2}T2 =另一\n$/);
  const csv = (await item('alignment', '--peer', '150626', '--format', 'csv')).stdout;
  expect(csv).toContain('EX014,食品经营许可,T1,食品经营许可,申请材料,食品经营许可申请书,');
  expect(csv).toContain(',,T2,"\t=另一",只有对端,');
  const asJson = (await item('alignment', '--peer', '150626', '--item', 'T1', '--format', 'json')).stdout;
  expect(JSON.parse(asJson)).toEqual(report);
});

test('publish names peer and scope', async () => {
  answers['POST /v1/catalogue/publish'] = { version: 3 };
  const { stdout } = await item('publish', '--peer', '150626', '--scope', '呼包鄂乌互办');
  expect(stdout).toBe('已公布 / published to 150626: 呼包鄂乌互办 版本 version 3\n');
  expect((await item('publish')).code).toBe(2);
});
