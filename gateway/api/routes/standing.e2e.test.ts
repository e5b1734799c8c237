import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { pinEachOther } from '../../testing/live-region.ts';

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await nantong.live.wire.validity.look();
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

test('staff sees what ends when, ours and that of each pinned region', async () => {
  const { status, json } = await nantong.ask('GET', '/v1/health/validity', { role: 'auditor' });
  expect(status).toBe(200);
  const named = json.validities.map(
    ({ region, subject }: { region: string; subject: string }) => `${region} ${subject}`,
  );
  expect(named.toSorted()).toEqual([
    ...['certificate', 'log', 'seal', 'signing', 'statement', 'tls'].map((subject) => `150626 ${subject}`),
    ...['certificate', 'identity', 'log', 'seal', 'signing', 'statement', 'tls'].map((subject) => `320600 ${subject}`),
  ]);
  expect(json.validities[0]).toMatchObject({ subject: 'statement', urgency: 'fine', daysLeft: 364 });
});

test('operators probe a peer and get the whole report', async () => {
  const { status, json } = await nantong.ask('POST', '/v1/peers/150626/probe');
  expect(status).toBe(200);
  expect(json).toMatchObject({
    region: '150626',
    contact: { protocol: 'TLSv1.3' },
    statements: { ours: 1, oursHeldThere: 1, theirs: 1, theirsHeldHere: 1 },
    echo: { roundTripMs: expect.any(Number) },
    clock: { offsetMs: expect.any(Number), withinMs: expect.any(Number) },
  });
  const { state } = (await nantong.ask('GET', `/v1/envelopes/${json.echo.envelope}`)).json;
  expect(state).toBe('accepted');
});

test('a fault comes with its code, the stage and what to do in both languages', async () => {
  await uxin.live.core.peers.remove('320600');
  const { status, json } = await nantong.ask('POST', '/v1/peers/150626/probe');
  expect(status).toBe(200);
  expect(json.fault).toMatchObject({
    stage: 'hello',
    fault: 'unknown-there',
    code: 'PEER_UNKNOWN',
    is: { zh: expect.stringMatching(/\p{Script=Han}/u), en: expect.any(String) },
    todo: { zh: expect.stringMatching(/\p{Script=Han}/u), en: expect.any(String) },
    page: 'peer-unreachable',
  });
});

test('a region that is not pinned cannot be probed', async () => {
  expect(await nantong.ask('POST', '/v1/peers/350500/probe')).toMatchObject({
    status: 409,
    json: { code: 'PEER_NOT_PINNED' },
  });
});
