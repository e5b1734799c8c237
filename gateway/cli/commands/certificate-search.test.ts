import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runHere } from '../testing/run-here.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

/** A number that nobody has; its check character is good. */
const NUMBER = '11010519491231002X';
const PAGE = {
  certificates: [
    {
      identifier: '1.2.156.3005.2.X',
      issuer: '150626',
      status: 'valid',
      certificate: { typeName: '食品经营许可证', number: 'JY1', holder: { name: '阿***·*例' } },
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

/** Runs `tongban certificate …` in this process. @param stdin what is piped in */
async function run(stdin: string, ...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await runHere(['certificate', ...args, '--gateway', folder], stdin);
  printed = stdout + stderr;
  return code;
}

it('lists by what says nothing about a person, page by page', async () => {
  const args = ['--type', 'T1', '--number', 'JY 1', '--issuer', '150626', '--status', 'valid', '--limit', '2'];
  expect(await run('', 'list', ...args, '--cursor', 'c')).toBe(0);
  expect(asked).toEqual(['GET /v1/certificates?type=T1&number=JY+1&issuer=150626&status=valid&limit=2&cursor=c']);
  expect(printed).toContain('1.2.156.3005.2.X');
  expect(printed).toContain('有效 valid');
  expect(printed).toContain('--cursor abc');
});

it('searches by a number that is piped in, and a name from a file', async () => {
  const file = join(folder, 'name.txt');
  await writeFile(file, '阿依夏木·示例\r\n');
  const source = ['--holder-number-file', '-', '--holder-name-file', file, '--document-type', 'citizen-number'];
  expect(await run(`${NUMBER}\n`, 'search', ...source, '--purpose', '核对', '--type', 'T1', '--json')).toBe(0);
  const [line] = asked;
  expect(line).toMatch(/^POST \/v1\/certificates\/search /);
  expect(JSON.parse(line!.slice(line!.indexOf('{')))).toEqual({
    holder: { number: NUMBER, name: '阿依夏木·示例', documentType: 'citizen-number' },
    purpose: '核对',
    type: 'T1',
  });
  expect(JSON.parse(printed)).toEqual(PAGE);
});

it.each([
  ['nobody', ['--purpose', '核对']],
  ['no purpose', ['--holder-number-file', '-']],
  ['two things from one input', ['--holder-number-file', '-', '--holder-name-file', '-', '--purpose', '核对']],
  ['a file that is not there', ['--holder-name-file', '/nowhere/name.txt', '--purpose', '核对']],
  ['a number on the command line', ['--holder-number', NUMBER, '--purpose', '核对']],
])('asks nothing for %s', async (_what, args) => {
  expect(await run(NUMBER, 'search', ...args)).toBe(2);
  expect(asked).toEqual([]);
});
