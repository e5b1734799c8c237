import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CodedError } from '#proto';
import { accessBook } from '../../case/personal/access-book.ts';
import { type ApiRegion, apiOf, apiRegion } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';
import { ROUTE_ACCESS } from '../route-access.ts';
import type { TestApi } from '../testing/api.ts';

const ABSENT = '1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F';
const DAY_MS = 24 * 60 * 60 * 1000;
const FIELDS = ['certificate_holder_name', 'certificate_holder_code', 'legal_representative'];
const PERSONAL = ['示例餐饮有限公司', '91150626MA0000001R', '阿不都·示例'];
const TOLD = Object.fromEntries(FIELDS.map((name, n) => [name, PERSONAL[n]]));

let uxin: ApiRegion;
/** The same region with a table that lets an auditor in where it should not. */
let open: TestApi;
let identifier: string;

beforeAll(async () => {
  uxin = await apiRegion('150626');
  const everybody = ['operator', 'auditor'] as const;
  const routes = ['POST /v1/certificates/check', 'POST /v1/certificates/:identifier/stamped-copies'];
  const access = { ...ROUTE_ACCESS, ...Object.fromEntries(routes.map((route) => [route, everybody])) };
  open = await apiOf(uxin.live, { access });
  identifier = await issued();
});

afterAll(async () => {
  await open?.close(0);
  await uxin?.close();
});

async function issued(): Promise<string> {
  return (await uxin.live.services.certificates.issue(licence(Date.now() - DAY_MS))).identifier;
}

/** The looks that a piece of work left, the newest first. */
async function looksOf(work: () => Promise<unknown>): Promise<object[]> {
  const { read } = uxin.live.core.store;
  const all = () => accessBook.list(read, 1000, undefined);
  const before = (await all()).length;
  await work();
  const now = await all();
  return now.slice(0, now.length - before).map(({ position: _position, at: _at, ...look }) => look);
}

const look = (purpose: string, subject = identifier) => ({
  by: 'hall',
  role: 'operator',
  conversation: '',
  what: 'certificate',
  subject,
  purpose,
});

/** Asks as an auditor whom the table let in. */
async function auditor(url: string, body: object) {
  const headers = { authorization: await open.bearer('auditor'), 'content-type': 'application/json' };
  const answer = await open.app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) });
  return { status: answer.statusCode, json: answer.json() };
}

const url = '/v1/certificates/check';
const question = (changes: object = {}) => ({
  region: '150626',
  identifier,
  fields: FIELDS,
  purpose: '窗口核验',
  ...changes,
});

describe('a question about a certificate of our own', () => {
  it('is a look: who was told what for is written down', async () => {
    const looks = await looksOf(async () => {
      const { status, json } = await uxin.ask('POST', url, { body: question() });
      expect([status, json.fields]).toEqual([200, TOLD]);
    });
    expect(looks).toEqual([look('窗口核验')]);
  });

  it('by its QR code is a look at that certificate', async () => {
    const qr = await uxin.live.services.certificates.reference({ identifier, issuer: '150626' });
    const body = { qr, fields: FIELDS, purpose: '窗口扫码' };
    const looks = await looksOf(() => uxin.ask('POST', url, { body }));
    expect(looks).toEqual([look('窗口扫码')]);
  });

  it('without a field to tell is none', async () => {
    const looks = await looksOf(async () => {
      const none = [{ fields: [] }, { fields: undefined }, { fields: ['no_such_field'] }, { identifier: ABSENT }];
      for (const changes of none)
        expect((await uxin.ask('POST', url, { body: question(changes) })).json.fields).toEqual({});
    });
    expect(looks).toEqual([]);
  });

  it('needs a purpose of 2 characters as soon as it tells anything', async () => {
    const looks = await looksOf(async () => {
      const { status, json } = await uxin.ask('POST', url, { body: question({ purpose: 'x' }) });
      expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
      expect(json.errors).toMatchObject([{ pointer: '/purpose', code: 'REQUIRED' }]);
    });
    expect(looks).toEqual([]);
  });

  it('tells an administrator nobody, and nothing fails', async () => {
    const looks = await looksOf(async () => {
      const { status, json } = await auditor(url, question());
      expect([status, json.status, json.fields]).toEqual([200, 'valid', {}]);
    });
    expect(looks).toEqual([]);
  });

  it('is a look in each line of many that tells a field', async () => {
    const other = await issued();
    const lines = [question(), question({ fields: [] }), question({ identifier: other }), question({ purpose: 'x' })];
    const looks = await looksOf(async () => {
      const { bytes } = await uxin.ask('POST', '/v1/certificates/checks', {
        body: Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')),
        headers: { 'content-type': 'application/x-ndjson' },
      });
      const said = bytes.toString().trim().split('\n');
      expect(said.map((line) => JSON.parse(line)).map(({ fields, code }) => fields ?? code)).toEqual([
        TOLD,
        {},
        TOLD,
        'VALIDATION_FAILED',
      ]);
    });
    expect(looks).toHaveLength(2);
    expect(looks).toEqual(expect.arrayContaining([look('窗口核验'), look('窗口核验', other)]));
  });

  it('with the certificate at hand is about that very one', async () => {
    const { certificates } = uxin.live.services;
    const certificate = await certificates.text(identifier);
    const ask = async () => (await uxin.ask('POST', url, { body: question({ certificate }) })).json;
    expect(await ask()).toMatchObject({ status: 'valid', fields: TOLD });
    const { store } = uxin.live.core;
    const put = (digest: Buffer) =>
      store.write((tx) => tx.run('UPDATE certificate SET digest = ? WHERE identifier = ?', digest, identifier));
    const { digest } = await certificates.get(identifier);
    await put(Buffer.alloc(32));
    expect(await ask()).toMatchObject({ status: 'unknown', fields: {} });
    await put(digest);
  });
});

const copies = () => `/v1/certificates/${identifier}/stamped-copies`;
const stamp = (changes: object = {}) => ({
  creator: '示例政务服务中心',
  cause: '仅供办理贷款',
  expiresAt: Date.now() + DAY_MS,
  ...changes,
});

describe('a stamped copy (加注件)', () => {
  it('is a look, and its cause says what for', async () => {
    const looks = await looksOf(async () => {
      const { status, json } = await uxin.ask('POST', copies(), { role: 'operator', body: stamp() });
      expect([status, typeof json.text]).toEqual([201, 'string']);
    });
    expect(looks).toEqual([look('仅供办理贷款')]);
  });

  it('that is not made is none', async () => {
    const ended = await issued();
    await uxin.live.services.certificates.setStatus(ended, 'revoked', '示例', 'window');
    const looks = await looksOf(async () => {
      const late = await uxin.ask('POST', `/v1/certificates/${ended}/stamped-copies`, { body: stamp() });
      expect([late.status, late.json.code]).toEqual([409, 'CONFLICT']);
      const short = await uxin.ask('POST', copies(), { body: stamp({ cause: 'x' }) });
      expect(short.json.errors).toMatchObject([{ pointer: '/cause', code: 'REQUIRED' }]);
    });
    expect(looks).toEqual([]);
  });

  it('is made for no administrator', async () => {
    const made = async () => (await uxin.counts())['stamped_copy'];
    const before = await made();
    const looks = await looksOf(async () => {
      expect(await auditor(copies(), stamp())).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    });
    expect(looks).toEqual([]);
    expect(await made()).toBe(before);
  });
});

describe('a change of status', () => {
  const change = (status: string, query = '') =>
    uxin.ask('POST', `/v1/certificates/${identifier}/status${query}`, { body: { status, reason: '核查' } });

  it('is answered masked without a purpose, and is no look', async () => {
    const looks = await looksOf(async () => {
      const { status, json, bytes } = await change('suspended');
      expect([status, json.status, json.certificate.holder.name]).toEqual([200, 'suspended', '示***司']);
      for (const secret of PERSONAL) expect(bytes.toString()).not.toContain(secret);
    });
    expect(looks).toEqual([]);
  });

  it('is answered in full for a purpose, and written down', async () => {
    const looks = await looksOf(async () => {
      const { json } = await change('valid', `?purpose=${encodeURIComponent('整改复核')}`);
      expect(json).toMatchObject({ status: 'valid', certificate: { holder: { name: PERSONAL[0] } } });
    });
    expect(looks).toEqual([look('整改复核')]);
  });

  it('is not made for a purpose that is none', async () => {
    const { status, json } = await change('suspended', '?purpose=x');
    expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect((await uxin.live.services.certificates.get(identifier)).status).toBe('valid');
  });
});

describe('a look that cannot be written down', () => {
  it.each([
    ['a question', () => [url, question()]],
    ['a stamped copy', () => [copies(), stamp()]],
    ['a change', () => [`/v1/certificates/${identifier}/status?purpose=test`, { status: 'suspended', reason: '核查' }]],
  ] as const)('is not given: %s', async (_what, asked) => {
    const [path, body] = asked();
    const book = vi.spyOn(accessBook, 'record').mockRejectedValueOnce(new CodedError('SHUTTING_DOWN'));
    const { status, json } = await uxin.ask('POST', path as string, { body });
    expect([status, json.code]).toEqual([503, 'SHUTTING_DOWN']);
    expect(book).toHaveBeenCalledOnce();
    book.mockRestore();
    expect((await uxin.live.services.certificates.get(identifier)).status).toBe('valid');
  });
});
