import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StatusReference, statusIn, verifyStatusList } from '#trust';
import { type ApiRegion, apiRegion, type Told } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';

let uxin: ApiRegion;
let reference: StatusReference;
let identifier: string;

beforeAll(async () => {
  uxin = await apiRegion('150626');
  const issued = await uxin.ask('POST', '/v1/certificates', { body: licence(Date.now() - 1000) });
  ({ identifier } = issued.json);
  reference = issued.json.certificate.statusList;
});

afterAll(() => uxin.close());

/** Asks as anybody does: without a token. */
async function anybody(
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
): Promise<Told> {
  const { statusCode, headers: answered, rawPayload } = await uxin.api.app.inject({ method, url, headers });
  return { status: statusCode, headers: answered, bytes: rawPayload, json: undefined };
}

function said({ bytes }: Told): string {
  const of = { issuer: '150626', uri: reference.uri };
  const statementOf = () => uxin.live.core.own;
  return statusIn(verifyStatusList(bytes.toString(), of, { statementOf, now: Date.now() }), reference.idx);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never became so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('anybody reads the list that a certificate names, and caches it', async () => {
  expect(reference.uri).toMatch(/^https:\/\/[^/]+\/status-lists\/1$/);
  const told = await anybody('/status-lists/1');
  expect(told.status).toBe(200);
  expect(said(told)).toBe('valid');
  expect(told.headers).toMatchObject({
    'content-type': 'application/statuslist+jwt',
    'cache-control': 'public, max-age=900',
    etag: expect.stringMatching(/^"v\d+"$/),
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  });
  const again = await anybody('/status-lists/1', { 'if-none-match': String(told.headers['etag']) });
  expect(again).toMatchObject({ status: 304, headers: { etag: told.headers['etag'] } });
  expect(again.bytes).toHaveLength(0);
});

test.each(['/status-lists', '/status-lists/1'])('a cache asks for the head of %s alone', async (url) => {
  const [told, head] = [await anybody(url), await anybody(url, {}, 'HEAD')];
  expect(head.status).toBe(200);
  expect(head.bytes).toHaveLength(0);
  for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'access-control-allow-origin'])
    expect(head.headers[name], name).toBe(told.headers[name]);
});

test('the head of a list that is known, or of none, is as its body would be', async () => {
  const etag = String((await anybody('/status-lists/1')).headers['etag']);
  const known = await anybody('/status-lists/1', { 'if-none-match': etag }, 'HEAD');
  expect(known).toMatchObject({ status: 304, headers: { etag, 'cache-control': 'public, max-age=900' } });
  const none = await anybody('/status-lists/2', {}, 'HEAD');
  expect(none.status).toBe(404);
  expect(none.bytes).toHaveLength(0);
});

test('anybody finds all lists', async () => {
  const told = await anybody('/status-lists');
  expect(JSON.parse(told.bytes.toString())).toEqual({ status_lists: [reference.uri] });
});

test.each(['/status-lists/2', '/status-lists/0', '/status-lists/x', '/status-lists/1e3', '/status-lists/9999999999'])(
  '%s is no list',
  async (url) => {
    const { status } = await anybody(url);
    expect([404, 422]).toContain(status);
  },
);

test('a change is effective at once, is in the next list, and says who made it and why', async () => {
  const before = await anybody('/status-lists/1');
  const url = `/v1/certificates/${identifier}/status`;
  const change = (status: string, reason: string) => uxin.ask('POST', url, { body: { status, reason } });
  expect((await change('suspended', '监督检查')).json.status).toBe('suspended');
  expect((await uxin.ask('GET', `/v1/certificates/${identifier}`)).json.status).toBe('suspended');
  await until('suspended in the list', async () => said(await anybody('/status-lists/1')) === 'suspended');
  const etag = String(before.headers['etag']);
  expect((await anybody('/status-lists/1', { 'if-none-match': etag })).status).toBe(200);
  await change('valid', '整改完成');
  await change('withdrawn', '违法经营');
  await until('withdrawn in the list', async () => said(await anybody('/status-lists/1')) === 'withdrawn');
  expect((await change('revoked', '再次')).json).toMatchObject({ code: 'CONFLICT' });
  const { json } = await uxin.ask('GET', url, { role: 'auditor' });
  expect(json).toMatchObject({ identifier, status: 'withdrawn', statusList: reference });
  expect(json.changes).toMatchObject([
    { from: 'valid', to: 'suspended', reason: '监督检查', by: 'hall' },
    { from: 'suspended', to: 'valid', reason: '整改完成', by: 'hall' },
    { from: 'valid', to: 'withdrawn', reason: '违法经营', by: 'hall' },
  ]);
});
