import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runTongban } from '../../testing/gateway-process.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const TALK = '5d1f7a52-7f0f-4c83-9d4c-0b6b1c3a9a11';
const OVERVIEW = {
  ...{ state: 'recovering', since: 1_793_000_000_000, knownUntil: 1_792_990_000_000, heldCount: 1 },
  peers: [{ region: '150626', state: 'waiting', own: 3, theirs: 4, aside: 57, code: 'PEER_UNREACHABLE', updatedAt: 1 }],
  held: [{ conversation: TALK, peer: '150626', reason: 'own-act', code: '', type: 'ResultIssued', notedAt: 1 }],
};

let gateway: ScriptedGateway;
let asked: string[];

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(OVERVIEW));
  });
});

beforeEach(() => {
  asked = [];
});

afterAll(() => gateway.stop());

const recovery = (...args: string[]) => runTongban('store', 'recovery', ...args, '--gateway', gateway.folder);

it('shows what peers gave back and which conversations wait for people', async () => {
  const { stdout } = await recovery();
  expect(asked).toEqual(['GET /v1/recovery']);
  for (const word of ['待补齐 waiting', '150626', '57', 'PEER_UNREACHABLE', TALK, '我方行为丢失', 'ResultIssued'])
    expect(stdout).toContain(word);
});

it('does not wait for a peer, and releases a conversation, with the reason', async () => {
  await recovery('skip', '150626', '--reason', '已撤销');
  await recovery('release', TALK, '--reason', '已核对');
  expect(asked).toEqual([
    'POST /v1/recovery/peers/150626/skip {"reason":"已撤销"}',
    `POST /v1/recovery/conversations/${TALK}/release {"reason":"已核对"}`,
  ]);
  expect((await recovery('skip', '150626')).code).not.toBe(0);
});
