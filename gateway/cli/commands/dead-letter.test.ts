import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runTongban } from '../../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';
const LETTER = {
  ...{ id: ID, queue: 'peer', name: '150626', subject: '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11', type: 'CaseDecided' },
  ...{ sequence: 4, reason: 'refused', code: 'MALFORMED', since: 1_793_000_000_000, deadAt: 1_793_003_600_000 },
};
const CLOSED = {
  ...LETTER,
  closing: {
    outcome: 'dropped',
    successor: '',
    by: 'cli',
    role: 'sysadmin',
    reason: '重新办理',
    at: 1_793_007_200_000,
  },
};

let gateway: ScriptedGateway;
let folder: string;
let asked: string[];

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    const shown = { letter: LETTER, detail: { expiresAt: 1_795_000_000_000, waiting: 3 }, earlier: [CLOSED] };
    const answer = request.method === 'POST' ? CLOSED : request.url!.includes(ID) ? shown : { letters: [LETTER] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  folder = gateway.folder;
});

beforeEach(() => {
  asked = [];
});

afterAll(() => gateway.stop());

const deadLetter = (...args: string[]) => runTongban('dead-letter', ...args, '--gateway', folder);

it('lists and shows what could not be delivered, and why, in Chinese first', async () => {
  const { stdout } = await deadLetter('list', '--queue', 'peer', '--name', '150626', '--closed');
  expect(asked).toEqual(['GET /v1/dead-letters?queue=peer&name=150626&state=closed']);
  for (const word of [ID, '150626', 'CaseDecided', '拒收 refused', 'MALFORMED']) expect(stdout).toContain(word);
  const shown = await deadLetter('show', ID);
  expect(asked[1]).toBe(`GET /v1/dead-letters/${ID}`);
  expect(shown.stdout).toMatch(/后面等待 Waiting behind +3/);
  expect(shown.stdout).toContain('以往记录 / before');
});

it('puts a letter back or drops it, with a reason and not without', async () => {
  expect((await deadLetter('retry', ID)).code).toBe(2);
  expect(asked).toEqual([]);
  await deadLetter('retry', ID, '--reason', '对端已升级');
  const { stdout } = await deadLetter('drop', ID, '--reason', '重新办理');
  expect(asked).toEqual([
    `POST /v1/dead-letters/${ID}/retry {"reason":"对端已升级"}`,
    `POST /v1/dead-letters/${ID}/drop {"reason":"重新办理"}`,
  ]);
  expect(stdout).toContain('已放弃 / dropped');
  expect(stdout).toContain('重新办理');
});
