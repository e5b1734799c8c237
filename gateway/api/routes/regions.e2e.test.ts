import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreementDraft, FOOD_LICENCE, ITEMS, NO_MATERIALS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';
import { until } from '../../testing/live-region.ts';

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

async function pin(here: ApiRegion, there: ApiRegion) {
  const { statement, fingerprint } = (await there.ask('GET', '/v1/statement', { role: 'platform' })).json;
  return here.ask('POST', '/v1/peers', { body: { statement, fingerprint } });
}

test('operators pin each other by statement and fingerprint, and a ping gets its receipt', async () => {
  const own = (await uxin.ask('GET', '/v1/statement')).json;
  expect(own).toMatchObject({ region: '150626', serial: 1, statement: uxin.live.core.own.jwt });
  const pinned = await pin(nantong, uxin);
  expect(pinned).toMatchObject({ status: 201, json: { region: '150626', fingerprint: own.fingerprint, pending: 0 } });
  await pin(uxin, nantong);
  await until('the connection', async () => (await nantong.ask('GET', '/v1/peers')).json.peers[0].connected);
  const { status, json } = await nantong.ask('POST', '/v1/peers/150626/ping', { body: { note: '你好' } });
  expect(status).toBe(202);
  await until(
    'the receipt',
    async () => (await nantong.ask('GET', `/v1/envelopes/${json.envelope}`)).json.state !== 'pending',
  );
  const envelope = (await nantong.ask('GET', `/v1/envelopes/${json.envelope}`)).json;
  expect(envelope).toMatchObject({
    id: json.envelope,
    conversation: json.conversation,
    type: 'Ping',
    state: 'accepted',
    sequence: 1,
  });
  expect(envelope.settledAt).toBeGreaterThanOrEqual(envelope.sentAt);
  expect((await nantong.ask('GET', '/v1/envelopes/none')).status).toBe(404);
  expect((await nantong.ask('POST', '/v1/peers/150626/ping')).status).toBe(202);
});

test('an authorization is proposed, accepted, listed and revoked', async () => {
  const draft = agreementDraft('320600', '150626', { valid_until: '2024-12-31T00:00:00+08:00' });
  const year = new Date().getUTCFullYear();
  const dates = { valid_from: `${year - 1}-01-01T00:00:00+08:00`, valid_until: `${year + 1}-01-01T00:00:00+08:00` };
  const proposed = await nantong.ask('POST', '/v1/authorizations', { body: { ...draft, ...dates } });
  expect(proposed.status).toBe(201);
  const { id } = proposed.json;
  expect(await nantong.ask('POST', `/v1/authorizations/${id}/accept`)).toMatchObject({
    status: 409,
    json: { code: 'CONFLICT' },
  });
  await until('the proposal', async () => (await uxin.ask('GET', `/v1/authorizations/${id}`)).status === 200);
  expect((await uxin.ask('POST', `/v1/authorizations/${id}/accept`)).status).toBe(200);
  for (const region of [nantong, uxin])
    await until('active', async () => (await region.ask('GET', `/v1/authorizations/${id}`)).json.state === 'active');
  const one = (await nantong.ask('GET', `/v1/authorizations/${id}`, { role: 'platform' })).json;
  expect(JSON.parse(one.document)).toHaveProperty('signatures');
  const { authorizations } = (await nantong.ask('GET', '/v1/authorizations?limit=1', { role: 'auditor' })).json;
  const { document: _document, catalogues: _catalogues, lineage: _lineage, ...outline } = one;
  expect(authorizations).toEqual([outline]);

  expect((await uxin.ask('PUT', '/v1/items', { body: ITEMS })).json).toMatchObject({ imported: 2, added: 2 });
  expect((await uxin.ask('PUT', '/v1/items', { body: ITEMS })).json).toMatchObject({ imported: 2, unchanged: 2 });
  const published = await uxin.ask('POST', '/v1/catalogue/publish', { body: { peer: '320600', scope: '跨省通办' } });
  expect(published).toMatchObject({ status: 202, json: { version: 1 } });
  await until(
    'the catalogue',
    async () => (await nantong.ask('GET', '/v1/items?region=150626')).json.items.length === 2,
  );
  const { items } = (await nantong.ask('GET', '/v1/items?region=150626', { role: 'auditor' })).json;
  expect(items.map(({ code, region }: { code: string; region: string }) => [code, region])).toEqual([
    [FOOD_LICENCE, '150626'],
    [NO_MATERIALS, '150626'],
  ]);
  expect(items[0]).toMatchObject({ promisedWorkingDays: 10, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect((await nantong.ask('GET', '/v1/items')).json).toEqual({ items: [] });

  const body = { reason: '协议终止', forCause: false };
  const revoked = await uxin.ask('POST', `/v1/authorizations/${id}/revoke`, { body });
  expect(revoked.json).toMatchObject({ state: 'revoked', revocation: { by: '150626', ...body } });
  await until(
    'the revocation',
    async () => (await nantong.ask('GET', `/v1/authorizations/${id}`)).json.state === 'revoked',
  );
});

test('a certificate outside a case is issued, listed page by page, read and suspended', async () => {
  const made: string[] = [];
  for (const number of ['A1', 'A2', 'A3']) {
    const { conversation: _none, ...input } = licence(Date.now() - 1000, { number });
    const { status, json } = await uxin.ask('POST', '/v1/certificates', { body: input });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      issuer: '150626',
      status: 'valid',
      certificate: { number, typeName: '食品经营许可证' },
    });
    made.push(json.identifier);
  }
  const first = (await uxin.ask('GET', '/v1/certificates?limit=2', { role: 'auditor' })).json;
  const second = (await uxin.ask('GET', `/v1/certificates?limit=2&cursor=${first.next}`)).json;
  const listed = [...first.certificates, ...second.certificates];
  expect(listed.map(({ identifier }) => identifier)).toEqual(made);
  expect(second).not.toHaveProperty('next');
  const one = (await uxin.ask('GET', `/v1/certificates/${made[0]}?purpose=test`, { role: 'platform' })).json;
  expect(
    (await uxin.ask('POST', '/v1/certificates/verify', { role: 'auditor', body: { certificate: one.text } })).json,
  ).toMatchObject({
    status: 'valid',
    source: 'library',
    certificate: { holder: { name: expect.stringContaining('*') } },
  });
  const suspended = await uxin.ask('POST', `/v1/certificates/${made[0]}/status`, {
    body: { status: 'suspended', reason: '核查' },
  });
  expect(suspended.json).toMatchObject({ status: 'suspended', reason: '核查' });
  const unpinned = { region: '350500', identifier: made[0], purpose: '核验' };
  expect(await uxin.ask('POST', '/v1/certificates/check', { body: unpinned })).toMatchObject({
    status: 409,
    json: { code: 'PEER_NOT_PINNED' },
  });
  const mixed = { region: '320600', identifier: made[1], certificate: one.text, purpose: '核验' };
  const { json } = await uxin.ask('POST', '/v1/certificates/check', { body: mixed });
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/region', '/identifier']);
});

test('only a security administrator removes a region', async () => {
  expect((await nantong.ask('DELETE', '/v1/peers/150626', { role: 'operator' })).status).toBe(403);
  expect(await nantong.ask('DELETE', '/v1/peers/150626', { role: 'secadmin' })).toMatchObject({ status: 204 });
  expect((await nantong.ask('GET', '/v1/peers')).json).toEqual({ peers: [] });
  expect((await nantong.ask('DELETE', '/v1/peers/150626', { role: 'secadmin' })).status).toBe(404);
});
