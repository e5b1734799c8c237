import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { authorize, caseInput, NO_MATERIALS } from '../../testing/agency-case.ts';
import { type ApiRegion, apiOf, apiRegion, type Told } from '../../testing/api-region.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';

const SECRET = 'a-secret-of-the-hall-0123456789';
const MAPPING = 'mapping: 1\nin:\n  - open: body\n    reference: no\n';
const SOAP_MAPPING = 'mapping: 1\nin:\n  - { case: { number: submit.no }, act: accept, data: {} }\n';
const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';

let nantong: ApiRegion;
let uxin: ApiRegion;
let before: Record<string, number>;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
  const secret = join(nantong.folder, 'hall.secret');
  const mapping = join(nantong.folder, 'hall.yaml');
  await writeFile(secret, SECRET);
  await writeFile(mapping, MAPPING);
  const hook = { auth: { type: 'bearer', secret_file: secret }, lane: 'no' };
  const credit = { url: 'http://127.0.0.1:9/', auth: { type: 'none' } };
  const soap = { auth: { type: 'none' }, namespace: 'urn:hall', operations: {} };
  const xml = join(nantong.folder, 'counter.yaml');
  await writeFile(xml, SOAP_MAPPING);
  const soapHook = { auth: { type: 'username-token', user: 'counter', password_file: secret }, lane: 'submit.no' };
  await nantong.live.services.platforms.start([
    { kind: 'soap', name: 'counter', settings: { ...soap, hook: soapHook, mapping: xml } },
    { kind: 'http', name: 'hall', settings: { hook, mapping } },
    { kind: 'http-credit', name: 'office', settings: credit },
  ]);
});

afterAll(async () => {
  await nantong?.live.services.platforms.stop();
  await Promise.all([nantong, uxin].map((region) => region?.close()));
});

beforeEach(async () => {
  before = await nantong.counts();
});

test('a platform pushes a case: it is handed over before the answer, and a repetition changes nothing', async () => {
  const record = { no: 'HALL-1', body: caseInput('150626', NO_MATERIALS) };
  const first = await push(record);
  expect(first).toMatchObject({
    status: 200,
    json: { conversation: expect.any(String), caseNumber: expect.any(String) },
  });
  const { conversation } = first.json;
  await until('the case there', async () => (await uxin.ask('GET', `/v1/cases/${conversation}`)).status === 200);
  const { json } = await uxin.ask('GET', `/v1/cases/${conversation}`);
  expect(json).toMatchObject({ state: 'transferred' });
  expect((await push(record)).json).toEqual(first.json);
  expect((await nantong.ask('GET', '/v1/cases')).json.cases).toHaveLength(1);
});

test('every push is written down as an act of the platform, one that proves nothing only as refused', async () => {
  const { audit } = nantong.live.services;
  const api = await apiOf(nantong.live, { audit });
  const begin = vi.spyOn(audit, 'begin');
  const refused = vi.spyOn(audit, 'refused');
  const inject = (headers: Record<string, string>) =>
    api.app.inject({
      method: 'POST',
      url: '/hooks/hall',
      headers: { 'content-type': 'application/json', ...headers },
      payload: '{}',
    });
  await inject(bearer());
  expect(begin.mock.calls).toMatchObject([[{ route: 'POST /hooks/:platform', role: 'platform', factor: 'token' }]]);
  await inject({});
  expect(begin).toHaveBeenCalledTimes(1);
  expect(refused.mock.calls).toMatchObject([[{ role: '' }, 'UNAUTHORIZED', 401]]);
  await api.close(0);
});

test('what must be refused is parked, and the platform learns every reason', async () => {
  const wrong = {
    no: 'HALL-2',
    body: { ...caseInput('150626', NO_MATERIALS), handler: { organisation: '', staff: '' } },
  };
  const { status, json } = await push(wrong);
  expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
  expect(json.errors.length).toBeGreaterThan(0);
  const broken = await push('{');
  expect([broken.status, broken.json.code]).toEqual([422, 'MAPPING_FAILED']);
  const { json: letters } = await nantong.ask('GET', '/v1/dead-letters');
  expect(letters.letters.filter((one: { name: string }) => one.name === 'hall')).toHaveLength(3);
  expect((await nantong.ask('GET', '/v1/cases')).json.cases).toHaveLength(1);
});

test('a platform of SOAP is answered in SOAP, with the status of a fault; a replay is not believed', async () => {
  const created = new Date(nantong.live.core.clock.now()).toISOString();
  const digest = createHash('sha1').update(`nonce${created}${SECRET}`).digest('base64');
  const token = `<w:UsernameToken><w:Username>counter</w:Username>
    <w:Password Type="${WSS}-username-token-profile-1.0#PasswordDigest">${digest}</w:Password>
    <w:Nonce>${btoa('nonce')}</w:Nonce><u:Created>${created}</u:Created></w:UsernameToken>`;
  const message = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="${WSS}-wssecurity-utility-1.0.xsd">
    <e:Header><w:Security xmlns:w="${WSS}-wssecurity-secext-1.0.xsd">${token}</w:Security></e:Header>
    <e:Body><submit xmlns="urn:hall"><no>HALL-404</no></submit></e:Body></e:Envelope>`;
  const send = () =>
    nantong.api.app.inject({
      ...{ method: 'POST', url: '/hooks/counter', headers: { 'content-type': 'text/xml' } },
      payload: message,
    });
  const answer = await send();
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([500, 'text/xml; charset=utf-8']);
  expect(answer.body).toMatch(/<faultcode>soap:Client<\/faultcode>.*<code>NOT_FOUND<\/code>/s);
  expect((await send()).statusCode).toBe(401);
  const { json: letters } = await nantong.ask('GET', '/v1/dead-letters?name=counter');
  expect(letters.letters).toMatchObject([{ code: 'NOT_FOUND', type: 'act' }]);
});

test.each<[string, string, Record<string, string>]>([
  ['an unknown platform', 'nobody', bearer()],
  ['a platform that may not push', 'office', bearer()],
  ['a wrong secret', 'hall', bearer('another-secret-of-the-hall-0123')],
  ['no secret', 'hall', {}],
  ['a token of the gateway', 'hall', {}],
])('%s gets the same answer as every stranger, and nothing happens', async (what, platform, headers) => {
  const given = what.startsWith('a token') ? { authorization: await nantong.api.bearer('operator') } : headers;
  const told = await push({ no: 'HALL-9' }, { platform, headers: given });
  const { status, code, detail } = told.json;
  expect({ status, code, detail }).toEqual({
    status: 401,
    code: 'UNAUTHORIZED',
    detail: 'there is no platform of this name, or the request does not prove it',
  });
  expect(await nantong.counts()).toEqual(before);
});

test.each<[string, Buffer, Record<string, string>, number]>([
  ['of another media type', Buffer.from('<a/>'), { 'content-type': 'application/xml' }, 415],
  ['compressed', Buffer.from('x'), { 'content-encoding': 'gzip' }, 415],
  ['too large', Buffer.alloc(1024 * 1024 + 1, ' '), {}, 413],
])('a body that is %s is not even judged', async (_, body, headers, status) => {
  const told = await push(body, { headers: { ...bearer(), ...headers } });
  expect([told.status, told.json.code]).toEqual([status, 'REQUEST_INVALID']);
  expect(await nantong.counts()).toEqual(before);
});

test('whoever pushes too often is told when to come again', async () => {
  const api = await apiOf(nantong.live, { limits: { bodyBytes: 1024, requestsPerMinute: 2 } });
  const statuses: number[] = [];
  for (const _ of [1, 2, 3]) {
    const { statusCode, headers } = await api.app.inject({
      method: 'POST',
      url: '/hooks/hall',
      headers: bearer(),
      payload: '{}',
    });
    statuses.push(statusCode);
    if (statusCode === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(statuses).toEqual([415, 415, 429]);
  await api.close(0);
});

test('while the gateway stops, a push is to come again', async () => {
  await nantong.live.services.platforms.stop();
  const told = await push({ no: randomUUID(), body: caseInput('150626', NO_MATERIALS) });
  expect([told.status, told.json.code, told.headers['retry-after']]).toEqual([503, 'SHUTTING_DOWN', '5']);
  expect((await nantong.ask('GET', '/v1/cases')).json.cases).toHaveLength(1);
});

function bearer(secret = SECRET): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

function push(
  record: unknown,
  { platform = 'hall', headers = bearer() }: { platform?: string; headers?: Record<string, string> } = {},
): Promise<Told> {
  const body =
    record instanceof Buffer ? record : Buffer.from(typeof record === 'string' ? record : JSON.stringify(record));
  const given = { 'content-type': 'application/json', authorization: '', ...headers };
  return nantong.ask('POST', `/hooks/${platform}`, { body, headers: given });
}
