import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { verifyBundle } from '#trust';
import { isAdministrator } from '../../duty/administrator.ts';
import { authorize, BACK_OFFICE, caseInput, FOOD_LICENCE, NO_MATERIALS, WINDOW } from '../../testing/agency-case.ts';
import { type ApiRegion, apiRegion, type Told } from '../../testing/api-region.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';

let nantong: ApiRegion;
let uxin: ApiRegion;

beforeAll(async () => {
  [nantong, uxin] = await Promise.all([apiRegion('320600'), apiRegion('150626')]);
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
});

afterAll(() => Promise.all([nantong, uxin].map((region) => region?.close())));

const INPUT = caseInput('150626', NO_MATERIALS);
const open = (body: object = INPUT, headers = {}, url = '/v1/cases') =>
  nantong.ask('POST', url, { role: 'platform', body, headers });
const act = (region: ApiRegion, key: string, name: string, data: object, headers = {}) =>
  region.ask('POST', `/v1/cases/${key}/acts`, { body: { act: name, data }, headers });

/** Waits until a side sees the case in a state, and no receipt is outstanding. */
async function reached(region: ApiRegion, key: string, state: string): Promise<Told['json']> {
  let seen: Told['json'];
  await until(`${state} in ${region.live.region}`, async () => {
    seen = (await region.ask('GET', `/v1/cases/${key}`)).json;
    return seen.state === state && seen.pending === null;
  });
  return seen;
}

describe('opening a case', () => {
  test('makes a draft that can be read by conversation and by number, with its version as ETag', async () => {
    const { status, json, headers } = await open();
    expect(status).toBe(201);
    expect(json).toMatchObject({
      role: 'receiving',
      peer: '150626',
      peerNumber: '',
      item: NO_MATERIALS,
      state: 'draft',
      stateLabel: { zh: '待收件' },
      pending: null,
      allowed: ['request-preview', 'one-time-notice', 'receive'],
      masked: true,
      form: { 经营项目: '***' },
      materials: [],
      handler: WINDOW,
      limits: [],
    });
    expect(headers['etag']).toBe(`"v${json.version}"`);
    for (const key of [json.conversation, json.number]) {
      const read = await nantong.ask('GET', `/v1/cases/${key}`);
      expect(read).toMatchObject({ status: 200, json });
      expect(read.headers['etag']).toBe(headers['etag']);
    }
    expect(await nantong.ask('GET', '/v1/cases/32060020990101000001')).toMatchObject({ status: 404 });
  });

  test('and handing it over at once goes through to the other region', async () => {
    const { status, json } = await open(INPUT, {}, '/v1/cases/submit');
    expect(status).toBe(201);
    expect(json).toMatchObject({
      state: 'received',
      pending: 'transfer',
      allowed: [],
      receiptNotice: `收${json.number}`,
    });
    await reached(nantong, json.conversation, 'transferred');
    const theirs = await reached(uxin, json.conversation, 'transferred');
    expect(theirs).toMatchObject({ role: 'handling', peerNumber: json.number, masked: true });
    const url = `/v1/cases/${json.conversation}?purpose=test`;
    expect((await uxin.ask('GET', url)).json).toMatchObject({ masked: false, applicant: INPUT.applicant });
    const { events } = (await nantong.ask('GET', `/v1/cases/${json.number}/events`, { role: 'auditor' })).json;
    expect(events.map(({ n, event, actor }: { n: number; event: string; actor: string }) => [n, event, actor])).toEqual(
      [
        [1, 'receive', '320600'],
        [2, 'transfer', '320600'],
      ],
    );
    const sent = await nantong.ask('GET', `/v1/envelopes/${events[1].envelope}`, { role: 'auditor' });
    expect(sent.json).toMatchObject({ peer: '150626', type: 'CaseTransfer', state: 'accepted', code: '', sequence: 1 });
    expect(sent.json.receipt).toMatch(/^[\w-]{40,}$/);
  });

  test('with the same Idempotency-Key makes one case and one answer', async () => {
    const before = await nantong.counts();
    for (const url of ['/v1/cases', '/v1/cases/submit']) {
      const headers = { 'idempotency-key': `key of ${url}`.replaceAll(' ', '-') };
      const first = await open(INPUT, headers, url);
      const second = await open(INPUT, headers, url);
      expect(second.status).toBe(201);
      expect(second.json).toEqual(first.json);
      const other = await open({ ...INPUT, form: { 经营项目: '另一项' } }, headers, url);
      expect(other).toMatchObject({ status: 422, json: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    }
    const after = await nantong.counts();
    expect(after['case_file']! - before['case_file']!).toBe(2);
    expect(after['idempotency']! - before['idempotency']!).toBe(2);
    expect(after['outbox']! - before['outbox']!).toBe(1);
  });

  test('that is refused keeps no answer for its key', async () => {
    await until('quiet', () => nantong.live.core.outbox.pending('150626') === 0);
    const before = await nantong.counts();
    const headers = { 'idempotency-key': 'refused' };
    const wrong = await open({ ...INPUT, item: 'EX001' }, headers);
    expect(wrong).toMatchObject({ status: 404, json: { code: 'ITEM_UNKNOWN' } });
    expect(await nantong.counts()).toEqual(before);
    expect((await open(INPUT, headers)).status).toBe(201);
  });
});

describe('personal data', () => {
  test('is masked in lists for everybody, and in a case for auditors', async () => {
    const { conversation } = (await open()).json;
    for (const role of ['platform', 'operator', 'auditor', 'secadmin'] as const) {
      const { bytes, json } = await nantong.ask('GET', '/v1/cases', { role });
      expect(json.cases[0].applicant).toEqual({
        kind: 'legal-person',
        name: '测***司',
        documentType: 'social-credit-code',
        documentNumber: '9232**********0038',
      });
      expect(bytes.toString()).not.toMatch(/测试食品|13800000000|测试路|预包装/);
      const one = await nantong.ask('GET', `/v1/cases/${conversation}?purpose=test`, { role });
      const events = await nantong.ask('GET', `/v1/cases/${conversation}/events`, { role });
      expect(events.bytes.toString()).not.toMatch(/测试食品|13800000000|测试路|预包装/);
      if (!isAdministrator(role)) expect(one.json.applicant).toEqual(INPUT.applicant);
      else {
        expect(one.bytes.toString()).not.toMatch(/测试食品|13800000000|测试路|预包装|MA00000038/);
        expect(one.json).toMatchObject({
          applicant: { name: '测***司', mobile: '138****0000', address: '***' },
          form: { 经营项目: '***' },
        });
      }
    }
  });
});

describe('the list', () => {
  test('goes page by page, newest first, and filters', async () => {
    for (let n = 0; n < 3; n += 1) await open();
    const all = (await nantong.ask('GET', '/v1/cases?limit=200')).json.cases.map(
      ({ number }: { number: string }) => number,
    );
    const paged: string[] = [];
    let url = '/v1/cases?limit=2';
    for (;;) {
      const { cases, next } = (await nantong.ask('GET', url)).json;
      paged.push(...cases.map(({ number }: { number: string }) => number));
      if (!next) break;
      url = `/v1/cases?limit=2&cursor=${next}`;
    }
    expect(paged).toEqual(all);
    const drafts = (await nantong.ask('GET', '/v1/cases?state=draft&peer=150626')).json.cases;
    expect(drafts.length).toBeGreaterThan(2);
    expect(new Set(drafts.map(({ state }: { state: string }) => state))).toEqual(new Set(['draft']));
    expect((await nantong.ask('GET', '/v1/cases?peer=350500')).json).toEqual({ cases: [] });
  });
});

describe('acting', () => {
  test('needs the version that was seen, if it names one', async () => {
    const { number, version } = (await open()).json;
    const before = await nantong.counts();
    const stale = await act(nantong, number, 'receive', { handler: WINDOW }, { 'if-match': `"v${version + 5}"` });
    expect(stale).toMatchObject({ status: 412, json: { code: 'CONFLICT' } });
    expect(await nantong.counts()).toEqual(before);
    const fresh = await act(nantong, number, 'receive', { handler: WINDOW }, { 'if-match': `"v${version}"` });
    expect(fresh).toMatchObject({ status: 200, json: { state: 'received' } });
    expect(fresh.headers['etag']).toBe(`"v${fresh.json.version}"`);
  });

  test('twice with one Idempotency-Key is acting once', async () => {
    const { number } = (await open()).json;
    const headers = { 'idempotency-key': 'receive-once' };
    const first = await act(nantong, number, 'receive', { handler: WINDOW }, headers);
    const second = await act(nantong, number, 'receive', { handler: WINDOW }, headers);
    expect(second.json).toEqual(first.json);
    const again = await act(nantong, number, 'receive', { handler: WINDOW });
    expect(again).toMatchObject({ status: 409, json: { code: 'ILLEGAL_TRANSITION' } });
  });
});

describe('a case with materials', () => {
  const file = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(3_000_000, 'licence ')]);
  const digest = createHash('sha256').update(file).digest('hex');
  const query = (name: string) => new URLSearchParams({ name, grade: 'C' });

  test('takes files as they stream, checks originals, and goes to a certificate and its evidence', async () => {
    const { conversation, number } = (await open(caseInput('150626', FOOD_LICENCE))).json;
    const incomplete = await act(nantong, number, 'receive', { handler: WINDOW });
    expect(incomplete).toMatchObject({ status: 422, json: { code: 'VALIDATION_FAILED' } });
    const added = await nantong.ask('POST', `/v1/cases/${number}/materials?${query('营业执照')}`, {
      body: file,
      headers: { 'x-media-type': 'image/png' },
    });
    const licence = { name: '营业执照', digest, size: file.length, mediaType: 'image/png', grade: 'C' };
    expect(added).toMatchObject({ status: 201, json: licence });
    const form = Buffer.from('%PDF-1.7 form');
    await nantong.ask('POST', `/v1/cases/${number}/materials?${query('食品经营许可申请书')}`, { body: form });
    const plan = Buffer.from('%PDF-1.7 plan');
    await nantong.ask('POST', `/v1/cases/${number}/materials?${query('平面布局图')}`, { body: plan });
    const url = `/v1/cases/${number}/materials/${digest}`;
    expect(await nantong.ask('POST', `${url}/check`, { body: { handler: WINDOW } })).toMatchObject({
      status: 200,
      json: { ...licence, grade: 'B', checkedBy: WINDOW },
    });

    await act(nantong, number, 'receive', { handler: WINDOW });
    expect((await act(nantong, number, 'transfer', { handler: WINDOW })).json.pending).toBe('transfer');
    await reached(nantong, conversation, 'transferred');
    for (const region of [nantong, uxin]) {
      const got = await region.ask('GET', `/v1/cases/${conversation}/materials/${digest.toUpperCase()}?purpose=test`);
      expect(got).toMatchObject({
        status: 200,
        headers: { 'content-type': 'image/png', 'content-length': `${file.length}` },
      });
      expect(got.headers['content-disposition']).toBe(
        `attachment; filename="____"; filename*=UTF-8''${encodeURIComponent('营业执照')}`,
      );
      expect(got.bytes.equals(file)).toBe(true);
    }
    expect(
      await nantong.ask('GET', `/v1/cases/${conversation}/materials/${'0'.repeat(64)}?purpose=test`),
    ).toMatchObject({
      status: 404,
    });
    const late = await nantong.ask('POST', `/v1/cases/${number}/materials?${query('平面布局图')}`, { body: form });
    expect(late).toMatchObject({ status: 409, json: { code: 'CONFLICT' } });

    await act(uxin, conversation, 'accept', { handler: BACK_OFFICE });
    expect((await reached(nantong, conversation, 'accepted')).limits).toContainEqual(
      expect.objectContaining({ name: 'promised', state: 'running', days: 10, isLate: false }),
    );
    await act(uxin, conversation, 'approve', { handler: BACK_OFFICE, explanation: '符合条件' });
    const issued = await act(uxin, conversation, 'issue', {
      handler: BACK_OFFICE,
      authority: { name: '乌审旗市场监督管理局', code: '11150626MB00000014' },
      fields: {
        legal_representative: '张三',
        residence: '南通市测试路1号',
        business_premises: '南通市测试路1号',
        business_form: '食品销售经营者',
        business_items: '预包装食品销售',
      },
    });
    expect(issued.json).toMatchObject({ state: 'issued' });
    const { certificate } = await reached(nantong, conversation, 'issued');
    expect(certificate).toBe(issued.json.certificate);

    const listed = (await nantong.ask('GET', `/v1/certificates?case=${number}`)).json.certificates;
    expect(listed).toMatchObject([{ identifier: certificate, issuer: '150626', conversation, status: 'valid' }]);
    expect(JSON.stringify(listed)).not.toMatch(/测试食品|张三|MA00000038/);
    const record = await nantong.ask('GET', `/v1/certificates/${certificate}?purpose=test`, { role: 'platform' });
    expect(record.json.certificate.holder.name).toBe(INPUT.applicant.name);
    const audited = await nantong.ask('GET', `/v1/certificates/${certificate}`, { role: 'auditor' });
    expect(audited.json).not.toHaveProperty('text');
    expect(audited.bytes.toString()).not.toMatch(/测试食品|张三|MA00000038/);

    const verified = await nantong.ask('POST', '/v1/certificates/verify', { body: { certificate: record.json.text } });
    expect(verified.json).toMatchObject({
      status: 'valid',
      source: 'dates',
      issuer: '150626',
      identifier: certificate,
    });
    const asked = {
      region: '150626',
      identifier: certificate,
      certificate: record.json.text,
      fields: ['business_items'],
      purpose: '核验',
    };
    expect((await nantong.ask('POST', '/v1/certificates/check', { body: asked })).json).toMatchObject({
      status: 'valid',
      fields: { business_items: '预包装食品销售' },
    });
    const status = await uxin.ask('POST', `/v1/certificates/${certificate}/status`, {
      body: { status: 'revoked', reason: '注销' },
    });
    expect(status.json).toMatchObject({ status: 'revoked', reason: '注销' });
    const { certificate: _held, ...blind } = asked;
    expect((await nantong.ask('POST', '/v1/certificates/check', { body: blind })).json.status).toBe('revoked');

    const evidence = await nantong.ask('GET', `/v1/cases/${number}/evidence`, { role: 'auditor' });
    expect(evidence.headers['content-disposition']).toContain(`filename="evidence-${number}.json"`);
    const statements = [nantong, uxin].map(({ live }) => live.core.own);
    const report = await verifyBundle(evidence.bytes.toString(), statements);
    expect(report).toMatchObject({ verified: true, case: conversation, exportedBy: '320600' });
    expect(report.receipts).toBeGreaterThan(3);
    const checkpoint = (await nantong.ask('GET', '/v1/log/checkpoint', { role: 'auditor' })).json;
    expect(checkpoint.size).toBeGreaterThan(5);
    expect(checkpoint.checkpoint).toContain('320600');
  });
});

describe('statistics and ledgers', () => {
  const today = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const period = () => `from=${today()}&to=${today()}`;
  const personal = /测试食品|92320600MA00000038|13800000000|测试路/;

  it('count the cases of a period by region, item and mode, with nothing personal', async () => {
    const { status, json, bytes } = await nantong.ask('GET', `/v1/statistics?${period()}`, { role: 'auditor' });
    expect(status).toBe(200);
    const cases = await nantong.live.core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM case_file');
    expect(json.tallies.reduce((sum: number, { cases: n }: { cases: number }) => sum + n, 0)).toBe(cases!.n);
    expect(json.tallies).toContainEqual(expect.objectContaining({ peer: '150626', item: 'EX018', decided: 1 }));
    expect(bytes.toString()).not.toMatch(personal);
    const csv = await nantong.ask('GET', `/v1/statistics?${period()}&format=csv`, { role: 'auditor' });
    expect(csv.headers['content-type']).toContain('text/csv');
    expect(csv.bytes.toString().split('\r\n')).toHaveLength(json.tallies.length + 2);
  });

  it('list every case in a line, as JSON and as CSV', async () => {
    const lines = await nantong.ask('GET', `/v1/ledger?${period()}`, { role: 'auditor' });
    const rows = lines.bytes.toString().trimEnd().split('\n');
    const cases = await nantong.live.core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM case_file');
    expect(rows).toHaveLength(cases!.n);
    expect(new Set(rows.map((row) => JSON.parse(row).number)).size).toBe(cases!.n);
    expect(lines.bytes.toString()).not.toMatch(personal);
    const csv = await nantong.ask('GET', `/v1/ledger?${period()}&format=csv`, { role: 'auditor' });
    expect(csv.bytes.toString().split('\r\n')).toHaveLength(cases!.n + 2);
    expect(csv.bytes.toString()).not.toMatch(personal);
  });

  it.each([
    ['from=2026-02-30&to=2026-03-01', '/from'],
    ['from=2026-03-01&to=2026-02-01', '/to'],
    ['from=2020-01-01&to=2026-01-01', '/to'],
  ])('refuse the period %s', async (query, pointer) => {
    for (const url of ['statistics', 'ledger'])
      expect(await nantong.ask('GET', `/v1/${url}?${query}`, { role: 'auditor' })).toMatchObject({
        status: 422,
        json: { code: 'VALIDATION_FAILED', errors: [{ pointer }] },
      });
  });
});
