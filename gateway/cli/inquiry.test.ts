import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTongban } from '../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from './testing/scripted-gateway.ts';

const INQUIRY = {
  number: 'X3206002026112300001',
  conversation: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11',
  role: 'asking',
  peer: '150626',
  kind: 'verification',
  item: 'EX018',
  stateLabel: { zh: '待答复', en: 'waits for its answer' },
  subject: { name: '测***司', documentNumber: '92**************38' },
  question: '***',
  legalBasis: '行政许可法第三十四条',
  masked: true,
  askedAt: 1_795_000_000_000,
  replyBy: 1_795_400_000_000,
  isLate: true,
};

let gateway: ScriptedGateway;
let folder: string;
const asked: { readonly to: string; readonly body: string }[] = [];

/** A gateway that knows one inquiry. */
beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push({ to: `${request.method} ${decodeURIComponent(request.url!)}`, body: await text(request) });
    const isList = request.method === 'GET' && /^\/v1\/inquiries(\?|$)/.test(request.url!);
    const body = isList ? { inquiries: [INQUIRY] } : INQUIRY;
    const status = request.method === 'POST' && request.url === '/v1/inquiries' ? 201 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  folder = gateway.folder;
});

afterAll(() => gateway.stop());

const inquiry = (...args: string[]) => runTongban('inquiry', ...args, '--gateway', folder);

test('P15: what is asked, answered and taken back goes to the gateway as it was said', async () => {
  for (const args of [
    ['ask', '{"region":"150626"}'],
    ['answer', '42', '--data', '{"outcome":"confirmed"}'],
    ['withdraw', '42', '--data', '{"reason":"误发"}'],
  ])
    expect(await inquiry(...args)).toMatchObject({ code: 0, stdout: expect.stringContaining(INQUIRY.number) });
  expect(asked.splice(0)).toEqual([
    { to: 'POST /v1/inquiries', body: '{"region":"150626"}' },
    { to: 'POST /v1/inquiries/42/answer', body: '{"outcome":"confirmed"}' },
    { to: 'POST /v1/inquiries/42/withdraw', body: '{"reason":"误发"}' },
  ]);
});

test('P15: an inquiry is shown with its deadline, and a purpose goes along', async () => {
  const { stdout } = await inquiry('show', '42', '--purpose', '核对');
  for (const words of ['verification', '150626', '待答复', '逾期 late', '行政许可法第三十四条', '--purpose'])
    expect(stdout).toContain(words);
  expect((await inquiry('list', '--role', 'asked', '--state', 'open')).stdout).toContain(INQUIRY.number);
  expect(asked.splice(0).map(({ to }) => to)).toEqual([
    'GET /v1/inquiries/42?purpose=核对',
    'GET /v1/inquiries?state=open&role=asked',
  ]);
});

test('P15: the evidence of an inquiry is saved', async () => {
  const file = join(folder, 'evidence.json');
  expect(await inquiry('evidence', '42', '--out', file, '--purpose', '举证')).toMatchObject({ code: 0 });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ number: INQUIRY.number });
  expect(asked.splice(0).map(({ to }) => to)).toEqual(['GET /v1/inquiries/42/evidence?purpose=举证']);
});
