import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runTongban } from '../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from './testing/scripted-gateway.ts';

const ID = '6f1d8f0e-3b0a-4d57-9a5e-0c4a4f8d2b11';
const OTHER = '00000000-0000-4000-8000-000000000001';
const VIEW = {
  id: ID,
  peer: '150626',
  proposer: '320600',
  state: 'suspended',
  digest: 'ab',
  content: {},
  suspensions: [{ by: '150626', reason: '系统\u001b[31m升级', at: 1 }],
  lineage: {
    chain: [
      { id: OTHER, proposer: '150626', state: 'countered' },
      { id: ID, proposer: '320600', state: 'active' },
    ],
    renews: OTHER,
    renewedBy: [],
  },
  createdAt: 1,
  updatedAt: 1,
};
const SIDES = {
  sides: [
    { region: '320600', contacts: [{ name: '测试甲', role: '', phone: '0513', email: '' }], changedAt: 1 },
    { region: '150626', contacts: [], changedAt: 1 },
  ],
};

let gateway: ScriptedGateway;
let folder: string;
let asked: string[];

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    const body = request.url!.endsWith('/contacts') ? SIDES : VIEW;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  folder = gateway.folder;
});

beforeEach(() => {
  asked = [];
});

afterAll(() => gateway.stop());

it.each<[string[], string]>([
  [['counter', ID, '{"fields":[]}'], `POST /v1/authorizations/${ID}/counter {"fields":[]}`],
  [['suspend', ID, '--reason', '升级'], `POST /v1/authorizations/${ID}/suspend {"reason":"升级"}`],
  [['resume', ID, '--reason', '完成'], `POST /v1/authorizations/${ID}/resume {"reason":"完成"}`],
  [
    ['renew', ID, '{"fields":[]}', '--until', '2030-01-01T00:00:00+08:00'],
    `POST /v1/authorizations/${ID}/renew {"fields":[],"valid_until":"2030-01-01T00:00:00+08:00"}`,
  ],
  [['renew', ID], `POST /v1/authorizations/${ID}/renew {}`],
  [['contacts', ID], `GET /v1/authorizations/${ID}/contacts`],
  [['contacts', ID, '[{"name":"甲"}]'], `PUT /v1/authorizations/${ID}/contacts {"contacts":[{"name":"甲"}]}`],
])('authorization %j', async (args, request) => {
  const { code, stdout, stderr } = await runTongban('authorization', ...args, '--gateway', folder, '--json');
  expect({ code, stderr, asked }).toEqual({ code: 0, stderr: '', asked: [request] });
  expect(JSON.parse(stdout)).toEqual(args[0] === 'contacts' ? SIDES : VIEW);
});

it('shows who has it suspended and where it comes from, and lets nobody write to the terminal', async () => {
  const { stdout } = await runTongban('authorization', 'show', ID, '--gateway', folder);
  expect(stdout).toContain('150626: 系统\ufffd[31m升级');
  expect(stdout).toContain(`150626 ${OTHER} → 320600 ${ID}`);
  expect(stdout).toMatch(new RegExp(`Renews +${OTHER}`));
  const contacts = await runTongban('authorization', 'contacts', ID, '--gateway', folder);
  expect(contacts.stdout).toMatch(/320600 +测试甲 +0513/);
});

it('needs a reason', async () => {
  for (const act of ['suspend', 'resume']) {
    expect((await runTongban('authorization', act, ID, '--gateway', folder)).code).toBe(2);
  }
  expect(asked).toEqual([]);
});
