import { text } from 'node:stream/consumers';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runTongban } from '../../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const ID = '0198c0de-0000-7000-8000-000000000001';
const WEBHOOK = {
  ...{ id: ID, owner: 'nantong-hall', url: 'https://hall.example/events', types: [], state: 'paused', allowed: false },
  ...{ position: '1042', behind: 7, parked: 1, lastCode: 'PLATFORM_UNREACHABLE', version: 3 },
  ...{ createdAt: 1_793_000_000_000, updatedAt: 1_793_000_000_000 },
};
const DELIVERY = { n: 9, at: 1_793_000_000_000, event: 'e-9', type: 'cn.tongban.case.accept.v1', status: 503, ms: 12 };

let gateway: ScriptedGateway;
let asked: string[];
let roles: unknown[];

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    roles.push(decodeJwt(request.headers.authorization!.replace('Bearer ', ''))['role']);
    const url = request.url!;
    const log = { deliveries: [{ ...DELIVERY, code: 'PLATFORM_UNREACHABLE' }], next: 'more' };
    const answer = url.includes('/deliveries') ? log : url.includes(ID) ? WEBHOOK : { webhooks: [WEBHOOK] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});

beforeEach(() => {
  asked = [];
  roles = [];
});

afterAll(() => gateway.stop());

const webhook = (...args: string[]) => runTongban('webhook', ...args, '--gateway', gateway.folder);

it('lists and shows the subscriptions of all platforms with their deliveries, as the system administrator', async () => {
  const { stdout } = await webhook('list');
  for (const word of [ID, 'nantong-hall', '暂停 paused', 'webhooks.targets', '7', 'PLATFORM_UNREACHABLE'])
    expect(stdout).toContain(word);
  const shown = await webhook('show', ID, '--limit', '5');
  expect(asked).toEqual(['GET /v1/webhooks', `GET /v1/webhooks/${ID}`, `GET /v1/webhooks/${ID}/deliveries?limit=5`]);
  expect(shown.stdout).toMatch(/种类 Types +全部 all/);
  for (const word of ['e-9', '503', '1042']) expect(shown.stdout).toContain(word);
  expect(new Set(roles)).toEqual(new Set(['sysadmin']));
});

it('pauses, resumes and replays, from a position and not without', async () => {
  expect((await webhook('replay', ID)).code).toBe(2);
  expect(asked).toEqual([]);
  await webhook('pause', ID);
  await webhook('resume', ID);
  const { stdout } = await webhook('replay', ID, '--after', '1042', '--json');
  expect(asked).toEqual([
    `PATCH /v1/webhooks/${ID} {"state":"paused"}`,
    `PATCH /v1/webhooks/${ID} {"state":"active"}`,
    `POST /v1/webhooks/${ID}/replay {"after":"1042"}`,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ id: ID, behind: 7 });
});
