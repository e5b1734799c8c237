import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreementDraft, ITEMS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';

let nantong: ApiRegion;
let uxin: ApiRegion;
const year = new Date().getUTCFullYear();
const DRAFT = agreementDraft('320600', '150626', {
  valid_from: `${year - 1}-01-01T00:00:00+08:00`,
  valid_until: `${year + 1}-01-01T00:00:00+08:00`,
});

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

/** Waits until a region says this of an authorization. */
async function is(region: ApiRegion, id: string, state: string) {
  const asked = () => region.ask('GET', `/v1/authorizations/${id}`);
  await until(`${id} is ${state} at ${region.live.region}`, async () => (await asked()).json.state === state);
  return (await asked()).json;
}

async function agree(): Promise<string> {
  const { id } = (await nantong.ask('POST', '/v1/authorizations', { body: DRAFT })).json;
  await is(uxin, id, 'proposed');
  await uxin.ask('POST', `/v1/authorizations/${id}/accept`);
  for (const region of [nantong, uxin]) await is(region, id, 'active');
  return id;
}

test('a proposal is countered, compared in words, and the answer accepted', async () => {
  const { id } = (await nantong.ask('POST', '/v1/authorizations', { body: DRAFT })).json;
  await is(uxin, id, 'proposed');
  const body = { fields: ['applicant.name'], terms: '只传姓名。' };
  const countered = await uxin.ask('POST', `/v1/authorizations/${id}/counter`, { body });
  expect(countered).toMatchObject({ status: 201, json: { proposer: '150626', content: { ...body, counters: id } } });
  const answer = countered.json.id;
  const seen = await is(nantong, answer, 'proposed');
  expect(seen.lineage.chain.map((one: { id: string; state: string }) => [one.id, one.state])).toEqual([
    [id, 'countered'],
    [answer, 'proposed'],
  ]);
  const { changes } = (
    await nantong.ask('GET', `/v1/authorizations/${answer}/changes?since=${id}`, { role: 'auditor' })
  ).json;
  expect(changes.map(({ kind }: { kind: string }) => kind)).toEqual(['fields-removed', 'terms', 'origin']);
  expect(changes[1].lines).toContain('+ 只传姓名。');
  expect((await nantong.ask('POST', `/v1/authorizations/${answer}/accept`)).status).toBe(200);
  const [ours, theirs] = [await is(nantong, answer, 'active'), await is(uxin, answer, 'active')];
  expect(ours.document).toBe(theirs.document);
  expect(await uxin.ask('POST', `/v1/authorizations/${answer}/counter`, { body: {} })).toMatchObject({
    status: 409,
    json: { code: 'CONFLICT' },
  });
});

test('an authorization is suspended, resumed, renewed with its catalogue, and shows it all', async () => {
  const id = await agree();
  const suspended = await uxin.ask('POST', `/v1/authorizations/${id}/suspend`, { body: { reason: '系统升级' } });
  expect(suspended).toMatchObject({ status: 200, json: { state: 'suspended', suspensions: [{ by: '150626' }] } });
  expect((await is(nantong, id, 'suspended')).suspensions).toMatchObject([{ by: '150626', reason: '系统升级' }]);
  expect(await nantong.ask('POST', `/v1/authorizations/${id}/resume`, { body: { reason: '请' } })).toMatchObject({
    status: 409,
    json: { code: 'CONFLICT' },
  });
  await uxin.ask('POST', `/v1/authorizations/${id}/resume`, { body: { reason: '升级完成' } });
  expect((await is(nantong, id, 'active')).suspensions).toEqual([]);

  const [grant] = DRAFT.grants;
  const catalogued = { grants: [{ ...grant, items: [], catalogue: { scope: '跨省通办' } }] };
  const until_ = { valid_until: `${year + 2}-01-01T00:00:00+08:00` };
  const early = await nantong.ask('POST', `/v1/authorizations/${id}/renew`, { body: { ...catalogued, ...until_ } });
  expect(early).toMatchObject({ status: 422, json: { errors: [{ pointer: '/grants/0/catalogue/scope' }] } });
  await uxin.ask('PUT', '/v1/items', { body: ITEMS });
  await uxin.ask('POST', '/v1/catalogue/publish', { body: { peer: '320600', scope: '跨省通办' } });
  await until('the catalogue', async () => {
    return (await nantong.ask('GET', '/v1/items?region=150626')).json.items.length > 0;
  });
  const renewed = await nantong.ask('POST', `/v1/authorizations/${id}/renew`, { body: { ...catalogued, ...until_ } });
  expect(renewed).toMatchObject({ status: 201, json: { content: { supersedes: id, valid_from: DRAFT.valid_until } } });
  const items = ITEMS.items.map(({ code }) => code).sort();
  expect(renewed.json.catalogues).toMatchObject([{ scope: '跨省通办', items }]);
  await is(uxin, renewed.json.id, 'proposed');
  await uxin.ask('POST', `/v1/authorizations/${renewed.json.id}/accept`);
  for (const region of [nantong, uxin]) {
    expect((await is(region, renewed.json.id, 'active')).lineage).toMatchObject({ renews: id });
    const old = await is(region, id, 'active');
    expect(old).toMatchObject({
      supersededFrom: Date.parse(DRAFT.valid_until),
      lineage: { renewedBy: [renewed.json.id] },
    });
  }
});

test('contacts reach the other region, are for staff only, and stand nowhere else', async () => {
  const id = await agree();
  const contacts = [{ name: '测试甲', role: '业务联系人', phone: '0513-00000000' }];
  const put = await nantong.ask('PUT', `/v1/authorizations/${id}/contacts`, { body: { contacts } });
  expect(put).toMatchObject({ status: 200, json: { sides: [{ region: '320600', contacts }] } });
  await until('the contacts', async () => {
    const { json } = await uxin.ask('GET', `/v1/authorizations/${id}/contacts`, { role: 'auditor' });
    return json.sides.length === 1;
  });
  const url = `/v1/authorizations/${id}/contacts`;
  expect((await uxin.ask('GET', url, { role: 'platform' })).status).toBe(403);
  expect((await uxin.ask('PUT', url, { role: 'auditor', body: { contacts: [] } })).status).toBe(403);
  for (const path of ['/v1/authorizations', `/v1/authorizations/${id}`]) {
    expect(JSON.stringify((await uxin.ask('GET', path)).json)).not.toContain('测试甲');
  }
  const before = await nantong.counts();
  const wrong = await nantong.ask('PUT', url, { body: { contacts: [{ name: '', phone: '1' }, 7], by: 'x' } });
  const pointers = wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer);
  expect(pointers).toEqual(['/contacts/0/name', '/contacts/1', '/by']);
  expect(await nantong.counts()).toEqual(before);
});

test('what is wrong is named, and changes nothing', async () => {
  const id = await agree();
  const before = await nantong.counts();
  const asked: [string, object, string[]][] = [
    ['suspend', { reason: '', by: '1' }, ['/reason', '/by']],
    ['resume', {}, ['/reason']],
    ['renew', { counters: id, grants: [] }, ['/counters', '/grants']],
  ];
  for (const [act, body, pointers] of asked) {
    const { status, json } = await nantong.ask('POST', `/v1/authorizations/${id}/${act}`, { body });
    expect([act, status, json.errors?.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
      act,
      422,
      expect.arrayContaining(pointers),
    ]);
  }
  const unknown = '00000000-0000-4000-8000-000000000001';
  for (const act of ['suspend', 'resume', 'renew', 'counter']) {
    const { status } = await nantong.ask('POST', `/v1/authorizations/${unknown}/${act}`, { body: { reason: '无' } });
    expect([act, status]).toEqual([act, 404]);
  }
  expect((await nantong.ask('GET', `/v1/authorizations/${id}/changes?since=${unknown}`)).status).toBe(404);
  expect((await nantong.ask('GET', `/v1/authorizations/${id}/changes`)).status).toBe(422);
  expect(await nantong.counts()).toEqual(before);
});
