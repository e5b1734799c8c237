import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTongban } from '../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from './testing/scripted-gateway.ts';

const PDF = Buffer.from('%PDF-1.7 example');
const NUMBER = '受32060020261120000001-2';
const PAPERS = [
  {
    kind: 'acceptance',
    number: NUMBER,
    title: { zh: '受理通知书' },
    issuer: '320600',
    at: 1_795_000_000_000,
    isAvailable: true,
  },
  {
    kind: 'delivery',
    number: '送1',
    title: { zh: '送达回证' },
    issuer: '150626',
    at: 1_795_000_000_000,
    isAvailable: false,
  },
];

let gateway: ScriptedGateway;
let folder: string;
const asked: string[] = [];

/** A gateway that knows one case. */
beforeAll(async () => {
  gateway = await startScriptedGateway(({ url = '' }, response) => {
    asked.push(decodeURIComponent(url));
    if (url === '/v1/cases/42/papers')
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ papers: PAPERS }));
    if (url.startsWith(`/v1/cases/42/papers/${encodeURIComponent(NUMBER)}?`))
      return response.writeHead(200, { 'content-type': 'application/pdf' }).end(PDF);
    const problem = { code: 'NOT_FOUND', detail: 'so it is', errors: [] };
    return response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  folder = gateway.folder;
});

afterAll(() => gateway.stop());

test('the notices of a case are listed, with what can be had by now', async () => {
  const { code, stdout } = await runTongban('case', 'papers', '42', '--gateway', folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /受32060020261120000001-2 +受理通知书 +320600 .* 是 yes\n送1 +送达回证 +150626 .* 否 not yet\n/,
  );
});

test('a notice is saved for its owner alone, in the form and for the purpose that was asked', async () => {
  const file = join(folder, 'notice.pdf');
  const { code, stdout } = await paper(NUMBER, file, '--gloss', '--purpose', '交申请人');
  expect({ code, json: JSON.parse(stdout) }).toEqual({
    code: 0,
    json: { out: file, number: NUMBER, size: PDF.length },
  });
  expect(await readFile(file)).toEqual(PDF);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(asked.at(-1)).toBe(`/v1/cases/42/papers/${NUMBER}?gloss=en&purpose=交申请人`);
});

test('when there is none, no file is left', async () => {
  const before = await readdir(folder);
  const { code, stdout } = await paper('受0', join(folder, 'none.pdf'));
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'NOT_FOUND' } });
  expect(await readdir(folder)).toEqual(before);
});

function paper(number: string, out: string, ...options: string[]) {
  return runTongban('case', 'paper', '42', number, '--out', out, ...options, '--gateway', folder, '--json');
}
