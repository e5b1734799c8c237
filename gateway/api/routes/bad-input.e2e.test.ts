import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorize, CODES, caseInput, FOOD_LICENCE, NO_MATERIALS, WINDOW } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion } from '../../testing/api-region.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';

let nantong: ApiRegion;
let uxin: ApiRegion;
let number: string;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
  ({ number } = (await nantong.ask('POST', '/v1/cases', { body: caseInput('150626', FOOD_LICENCE) })).json);
  await until('quiet', () => nantong.live.core.outbox.pending('150626') === 0);
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

/** Sends something wrong: exactly these fields are named, and no table has another row than before. */
async function expectWrong(
  method: 'POST' | 'PUT',
  url: string,
  body: unknown,
  pointers: readonly string[],
  headers = {},
) {
  const before = await nantong.counts();
  const { status, json } = await nantong.ask(method, url, { body, headers });
  expect(json).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
  expect(status).toBe(422);
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([...pointers].sort());
  for (const { code, message } of json.errors)
    expect([code, message]).toEqual([expect.any(String), expect.any(String)]);
  expect(await nantong.counts()).toEqual(before);
}

const GOOD = caseInput('150626', NO_MATERIALS);

test('a commitment, a revocation and a credit check name every wrong field', async () => {
  const commitment = { materials: [{ material: '', dueAt: 1 }], text: '', signedAt: 'now', document: 'x', seal: 1 };
  await expectWrong('POST', `/v1/cases/${number}/acts`, { act: 'accept', data: { handler: WINDOW, commitment } }, [
    '/data/commitment/materials/0/material',
    '/data/commitment/materials/0/dueAt',
    '/data/commitment/text',
    '/data/commitment/signedAt',
    '/data/commitment/document',
    '/data/commitment/seal',
  ]);
  await expectWrong('POST', `/v1/cases/${number}/acts`, { act: 'revoke', data: { ground: 'mood', handler: WINDOW } }, [
    '/data/ground',
    '/data/reason',
    '/data/legalBasis',
  ]);
  await expectWrong('POST', `/v1/cases/${number}/credit-check`, { handler: { staff: '' }, number: '1' }, [
    '/handler/organisation',
    '/handler/staff',
    '/number',
  ]);
});

test.each(['/v1/cases', '/v1/cases/submit'])('%s names every wrong field of a case', async (url) => {
  const wrong = {
    handlingRegion: '999999',
    item: 'x y',
    mode: 'by-pigeon',
    applicant: { ...GOOD.applicant, kind: 'robot', name: '', mobile: '123', shoeSize: 43 },
    form: { 'a b': 'x', 经营项目: 7 },
    handler: { organisation: '', staff: 'NT001' },
    identityCheck: { matched: 'yes', checkedAt: 1, device: '' },
    colour: 'red',
  };
  await expectWrong('POST', url, wrong, [
    '/handlingRegion',
    '/item',
    '/mode',
    '/applicant/kind',
    '/applicant/name',
    '/applicant/mobile',
    '/applicant/shoeSize',
    '/form/a b',
    '/form/经营项目',
    '/handler/organisation',
    '/identityCheck/matched',
    '/identityCheck/checkedAt',
    '/colour',
  ]);
  const digit = {
    ...GOOD,
    applicant: { ...GOOD.applicant, documentType: 'citizen-number', documentNumber: '11010519491231002Y' },
  };
  await expectWrong('POST', url, digit, ['/applicant/documentNumber']);
  for (const nothing of [{}, [], null, 'case'])
    await expectWrong('POST', url, nothing, ['/handlingRegion', '/item', '/mode', '/applicant', '/handler']);
  await expectWrong('POST', url, GOOD, ['/headers/idempotency-key'], { 'idempotency-key': 'two words' });
});

test('acts name what is wrong inside their data', async () => {
  const url = `/v1/cases/${number}/acts`;
  await expectWrong('POST', url, { act: 'fly', data: {}, why: 1 }, ['/act', '/why']);
  await expectWrong('POST', url, undefined, ['']);
  const notice = { act: 'one-time-notice', data: { handler: {}, items: [{ material: '', reason: 1 }], x: 1 }, y: 2 };
  await expectWrong('POST', url, notice, [
    '/data/handler/organisation',
    '/data/handler/staff',
    '/data/items/0/material',
    '/data/items/0/reason',
    '/data/x',
    '/y',
  ]);
  await expectWrong('POST', url, { act: 'receive', data: { handler: WINDOW } }, [
    '/materials/营业执照',
    '/materials/食品经营许可申请书',
  ]);
});

test('materials name what is wrong before a byte is stored', async () => {
  const url = `/v1/cases/${number}/materials`;
  const bytes = Buffer.from('bytes');
  await expectWrong(
    'POST',
    `${url}?grade=A&x=1`,
    bytes,
    ['/query/name', '/query/grade', '/query/x', '/headers/x-media-type'],
    {
      'x-media-type': 'a picture',
    },
  );
  await expectWrong('POST', `${url}/${'0'.repeat(64)}/check`, { handler: { organisation: 'a' } }, ['/handler/staff']);
  const before = await nantong.counts();
  const huge = { 'content-length': String(200 * 1024 * 1024 + 1) };
  const tooLarge = await nantong.ask('POST', `${url}?name=a`, { body: bytes, headers: huge });
  expect(tooLarge).toMatchObject({ status: 413, json: { code: 'MATERIAL_TOO_LARGE' } });
  const empty = await nantong.ask('POST', `${url}?name=a`, { headers: { 'content-type': 'application/octet-stream' } });
  expect(empty).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
  expect(await nantong.counts()).toEqual(before);
});

test('authorizations, items and catalogues name every wrong field', async () => {
  await expectWrong(
    'POST',
    '/v1/authorizations',
    { id: 'x', parties: ['150626', '350500'], grants: [{}], fields: ['shoe'] },
    [
      '/id',
      '/parties',
      ...['grantor', 'grantee', 'department', 'rights', 'items', 'modes'].map((member) => `/grants/0/${member}`),
      '/grants/0/grantee',
      '/fields/0',
      '/valid_from',
      '/valid_until',
      '/terms',
    ],
  );
  await expectWrong('POST', '/v1/authorizations/x/revoke', { reason: '', forCause: 'no' }, ['/reason', '/forCause']);
  const item = {
    code: 'a b',
    name: '',
    department: '某局',
    applicant: 'robot',
    modes: [],
    promised_working_days: -1,
    materials: [{}],
    result: 1,
  };
  await expectWrong('PUT', '/v1/items', { items: [item], extra: true }, [
    ...['code', 'name', 'applicant', 'modes', 'promised_working_days', 'result'].map((member) => `/items/0/${member}`),
    ...['name', 'original_to_be_checked', 'may_follow_later'].map((member) => `/items/0/materials/0/${member}`),
    '/extra',
  ]);
  await expectWrong('POST', '/v1/catalogue/publish', { peer: '999999', scope: '' }, ['/peer', '/scope']);
});

test('certificates name every wrong field', async () => {
  const wrong = {
    typeName: '出生证',
    item: 'a b',
    holder: { name: '', documentType: 'citizen-number', number: '1' },
    authority: { name: '某局', code: CODES.uxinMarket.replace('14', '15') },
    validFrom: 'now',
    validUntil: 5,
    fields: [],
  };
  await expectWrong('POST', '/v1/certificates', wrong, [
    '/typeName',
    '/item',
    '/holder/name',
    '/authority/code',
    '/validFrom',
    '/validUntil',
    '/fields',
  ]);
  await expectWrong('POST', '/v1/certificates', { colour: 'red', size: 1 }, ['/colour', '/size']);
  await expectWrong('POST', '/v1/certificates', undefined, [
    '/typeName',
    '/item',
    '/holder',
    '/authority/name',
    '/authority/code',
    '/validFrom',
    '/fields',
  ]);
  await expectWrong('POST', '/v1/certificates/1.2.3/status', { status: 'gone', reason: '' }, ['/status', '/reason']);
  await expectWrong('POST', '/v1/certificates/check', { region: '1', identifier: 'x', fields: [''], colour: 1 }, [
    '/region',
    '/identifier',
    '/fields/0',
    '/purpose',
    '/colour',
  ]);
  await expectWrong('POST', '/v1/certificates/verify', {}, ['/certificate']);
  const forged = await nantong.ask('POST', '/v1/certificates/verify', { body: { certificate: 'not a certificate' } });
  expect(forged).toMatchObject({ status: 422, json: { code: 'CERTIFICATE_MALFORMED' } });
});

test('regions and their statements', async () => {
  await expectWrong('POST', '/v1/peers', { statement: '', endpoint: 'x' }, ['/statement', '/fingerprint', '/endpoint']);
  await expectWrong('POST', '/v1/peers/150626/ping', { note: 'x'.repeat(201), more: 1 }, ['/note', '/more']);
  const before = await nantong.counts();
  const statement = uxin.live.core.own.jwt;
  const mismatch = await nantong.ask('POST', '/v1/peers', { body: { statement, fingerprint: 'AAAA-BBBB' } });
  expect(mismatch).toMatchObject({ status: 422, json: { code: 'FINGERPRINT_MISMATCH' } });
  const [head, payload, signature] = statement.split('.') as [string, string, string];
  const turned = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const forged = { statement: [head, payload, turned].join('.'), fingerprint: 'AAAA-BBBB' };
  const refused = await nantong.ask('POST', '/v1/peers', { body: forged });
  expect(refused.status).toBe(422);
  expect(await nantong.ask('POST', '/v1/peers/350500/ping')).toMatchObject({
    status: 409,
    json: { code: 'PEER_NOT_PINNED' },
  });
  expect(await nantong.counts()).toEqual(before);
});

test('lists name every wrong parameter', async () => {
  const { status, json } = await nantong.ask('GET', '/v1/cases?state=lost&peer=x&limit=0&colour=red');
  expect(status).toBe(422);
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/query/colour',
    '/query/limit',
    '/query/peer',
    '/query/state',
  ]);
  expect((await nantong.ask('GET', '/v1/cases?cursor=x')).json.errors[0].pointer).toBe('/query/cursor');
});
