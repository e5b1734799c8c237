import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runHere } from '../testing/run-here.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const VECTOR = fileURLToPath(new URL('../../../trust/vectors/check-es256.json', import.meta.url));
const ID = '0f9e8d7c-6b5a-7c3d-8e1f-a0b1c2d3e4f5';
const COPY = {
  digest: 'ab',
  creator: '示例政务服务中心',
  cause: '仅供办理贷款',
  expiresAt: Date.parse('2027-02-01T00:00:00+08:00'),
  by: 'cli',
  at: 1,
};

let gateway: ScriptedGateway;
let folder: string;
let asked: string[];
let printed: string;
let answers: object[];

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers.shift()));
  });
  folder = gateway.folder;
});

beforeEach(() => {
  asked = [];
  printed = '';
});

afterAll(() => gateway.stop());

/** Runs `tongban …` in this process. */
async function run(...args: readonly string[]): Promise<number> {
  const { code, stdout, stderr } = await runHere(args);
  printed = stdout + stderr;
  return code;
}

const read = (name: string) => readFile(join(folder, name), 'utf8');

it('saves the evidence of a check with its answer', async () => {
  answers = [{ status: 'valid', answeredAt: 1, fields: {}, evidence: ID }, { format: 'x' }];
  const file = join(folder, 'check.json');
  const question = ['--region', '320600', '--identifier', '1.2', '--purpose', '核验', '--evidence', file];
  expect(await run('certificate', 'check', ...question, '--gateway', folder)).toBe(0);
  expect(asked[1]).toBe(`GET /v1/checks/${ID}/evidence?purpose=${encodeURIComponent('核验')}`);
  expect(JSON.parse(await read('check.json'))).toEqual({ format: 'x' });
  expect(printed).toContain(ID);
});

it('exports the evidence of a case or of a check, never both', async () => {
  answers = [{ format: 'x' }, { format: 'y' }];
  const out = ['--out', join(folder, 'out.json'), '--gateway', folder];
  expect(await run('evidence', 'export', '--check', ID, '--peer', '320600', '--purpose', 'why', ...out)).toBe(0);
  expect(await run('evidence', 'export', 'N 1', ...out)).toBe(0);
  expect(asked).toEqual([`GET /v1/checks/${ID}/evidence?purpose=why&peer=320600`, 'GET /v1/cases/N%201/evidence']);
  expect(await run('evidence', 'export', 'N1', '--check', ID, ...out)).toBe(2);
  expect(await run('evidence', 'export', ...out)).toBe(2);
  expect(asked).toHaveLength(2);
});

it('verifies the evidence of a check offline, and says what was asked and answered', async () => {
  const { bundle, statements } = JSON.parse(await readFile(VECTOR, 'utf8'));
  const save = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const regions = [await save('0.jwt', statements[0]), await save('1.jwt', statements[1])];
  expect(await run('evidence', 'verify', await save('b.json', JSON.stringify(bundle)), '--region', ...regions)).toBe(0);
  expect(printed).toMatch(/核验通过[\s\S]*已证明的核验[\s\S]*异地经营核验[\s\S]*CERTIFICATE_STATUS_VALID/);
  printed = '';
  const altered = { ...bundle, answer: { ...bundle.answer, payload: bundle.question.payload } };
  const file = await save('a.json', JSON.stringify(altered));
  expect(await run('evidence', 'verify', file, '--region', ...regions)).toBe(1);
  expect(printed).toMatch(/核验未通过[\s\S]*answer\/payload +PAYLOAD_MISMATCH/);
  expect(printed).not.toContain('已证明的核验');
});

it('has a stamped copy made until the end of a day in China, saves it, and lists what was made', async () => {
  answers = [{ identifier: '1.2', ...COPY, text: 'the copy' }, { copies: [COPY] }];
  const stamp = ['--creator', COPY.creator, '--cause', COPY.cause, '--field', 'certificate_holder_name'];
  const out = ['--out', join(folder, 'copy.sd-jwt'), '--gateway', folder];
  expect(await run('certificate', 'stamp', '1.2', ...stamp, '--until', '2027-01-31', ...out)).toBe(0);
  expect(asked[0]).toMatch(/^POST \/v1\/certificates\/1\.2\/stamped-copies /);
  const { creator, cause, expiresAt } = COPY;
  const sent = JSON.parse(asked[0]!.slice(asked[0]!.indexOf('{')));
  expect(sent).toEqual({ creator, cause, expiresAt, fields: ['certificate_holder_name'] });
  expect(await read('copy.sd-jwt')).toBe('the copy');
  expect(printed).not.toContain('the copy');
  expect(await run('certificate', 'copies', '1.2', '--gateway', folder)).toBe(0);
  expect(printed).toContain(cause);
  expect(await run('certificate', 'stamp', '1.2', ...stamp, '--until', '31.1.2027', ...out)).toBe(2);
  expect(asked).toHaveLength(2);
});
