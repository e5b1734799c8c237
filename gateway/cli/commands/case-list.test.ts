import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runHere } from '../testing/run-here.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

/** A number that nobody has; its check character is good. */
const NUMBER = '11010519491231002X';
const PAGE = {
  cases: [
    {
      ...{ conversation: 'c', number: '32060020261123000001', role: 'receiving', peer: '150626', item: 'EX018' },
      ...{ state: 'accepted', stateLabel: { zh: '已受理', en: 'accepted' } },
      ...{ updatedAt: Date.parse('2026-11-23T10:00:00+08:00'), dueAt: Date.parse('2026-11-30T18:00:00+08:00') },
    },
  ],
  next: 'abc',
};

let gateway: ScriptedGateway;
let folder: string;
let asked: string[];
let printed: string;

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(PAGE));
  });
  folder = gateway.folder;
});

beforeEach(() => {
  asked = [];
  printed = '';
});

afterAll(() => gateway.stop());

/** Runs `tongban case …` in this process. @param stdin what is piped in */
async function run(stdin: string, ...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await runHere(['case', ...args, '--gateway', folder], stdin);
  printed = stdout + stderr;
  return code;
}

it('lists by what cases are, page by page', async () => {
  const filters = ['--state', 'accepted,issued', '--item', 'EX018', '--peer', '150626', '--role', 'receiving'];
  const more = ['--mode', 'agency', '--number', '320600', '--limit', '2', '--cursor', 'c', '--order', 'newest'];
  expect(await run('', 'list', ...filters, ...more)).toBe(0);
  expect(asked).toEqual([
    'GET /v1/cases?state=accepted%2Cissued&item=EX018&peer=150626&role=receiving&mode=agency&number=320600&order=newest&limit=2&cursor=c',
  ]);
  expect(printed).toMatch(/32060020261123000001 .* 已受理 accepted +2026-11-30 18:00:00 +2026-11-23 10:00:00/);
  expect(printed).toContain('--cursor abc');
});

it('lists by limits and changes, where days are those of China', async () => {
  expect(await run('', 'list', '--overdue')).toBe(0);
  expect(await run('', 'list', '--due-before', '2026-12-01')).toBe(0);
  expect(await run('', 'list', '--updated-since', '2026-11-23')).toBe(0);
  expect(asked).toEqual([
    'GET /v1/cases?overdue=true',
    `GET /v1/cases?dueBefore=${Date.parse('2026-12-01T00:00:00+08:00')}`,
    `GET /v1/cases?updatedSince=${Date.parse('2026-11-23T00:00:00+08:00')}`,
  ]);
});

it('searches by a number that is piped in, and a name from a file', async () => {
  const file = join(folder, 'name.txt');
  await writeFile(file, '阿依夏木·示例\r\n');
  const source = ['--number-file', '-', '--name-file', file, '--document-type', 'citizen-number'];
  const filters = ['--state', 'accepted,issued', '--overdue', '--purpose', '核对进度', '--json'];
  expect(await run(`${NUMBER}\n`, 'search', ...source, ...filters)).toBe(0);
  const [line] = asked;
  expect(line).toMatch(/^POST \/v1\/cases\/search /);
  expect(JSON.parse(line!.slice(line!.indexOf('{')))).toEqual({
    applicant: { number: NUMBER, name: '阿依夏木·示例', documentType: 'citizen-number' },
    purpose: '核对进度',
    state: ['accepted', 'issued'],
    overdue: true,
  });
  expect(JSON.parse(printed)).toEqual(PAGE);
});

it.each([
  ['nobody', ['search', '--purpose', '核对']],
  ['no purpose', ['search', '--number-file', '-', '--document-type', 'citizen-number']],
  ['two things from one input', ['search', '--number-file', '-', '--name-file', '-', '--purpose', '核对']],
  ['a file that is not there', ['search', '--name-file', '/nowhere/name.txt', '--purpose', '核对']],
  ['a name on the command line', ['search', '--name', '示例', '--purpose', '核对']],
  ['a day that is none', ['list', '--due-before', '2026-02-30']],
  ['an order that is none', ['list', '--order', 'name']],
])('asks nothing for %s', async (_what, args) => {
  expect(await run(NUMBER, ...args)).not.toBe(0);
  expect(asked).toEqual([]);
});
