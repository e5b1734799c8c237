import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowOf } from '../../store/vault/sealed-columns.ts';
import { type ApiRegion, apiOf, apiRegion, type Told } from '../../testing/api-region.ts';
import { licence } from '../../testing/check-region.ts';
import { type LiveRegion, openLiveRegion, removeFolders } from '../../testing/live-region.ts';
import { ROLES, type Role } from '../roles.ts';
import type { TestApi } from '../testing/api.ts';

const FOOD = '11100000MB0143028R032';
/** Persons who do not exist; the number has a good check character. */
const AYXAM = { name: '阿依夏木·示例', documentType: 'citizen-number', number: '11010519491231002X' } as const;
const RARE = { name: '𠮷示例', documentType: 'passport', number: 'E12345678' } as const;
const PURPOSE = '补发证照前核对';

let uxin: ApiRegion;

beforeAll(async () => {
  uxin = await apiRegion('150626');
});

afterAll(() => uxin.close());

const input = (changes: Parameters<typeof licence>[1] = {}) => licence(Date.now() - 1000, changes);
const issue = (body: unknown, key?: string): Promise<Told> =>
  uxin.ask('POST', '/v1/certificates', { body, ...(key !== undefined && { headers: { 'idempotency-key': key } }) });
const search = (body: unknown, role: Role = 'operator') => uxin.ask('POST', '/v1/certificates/search', { role, body });
const closing = (api: TestApi, live: LiveRegion) => async () => {
  await api.close(0);
  await live.stop();
  await removeFolders(live.folder);
};
const identifiersIn = ({ json }: Told): string[] =>
  json.certificates.map(({ identifier }: { identifier: string }) => identifier);
const searches = async () =>
  (await uxin.ask('GET', '/v1/certificates/searches?limit=200', { role: 'auditor' })).json.searches;
const count = async (table: string) => (await uxin.counts())[table]!;

describe('finding', () => {
  let single: string;
  let shared: string;

  beforeAll(async () => {
    single = (await issue(input({ number: 'F1', holder: AYXAM }))).json.identifier;
    shared = (await issue(input({ number: 'F2', otherHolders: [RARE, AYXAM] }))).json.identifier;
  });

  test('lists are narrowed by type, number, issuer and status, page by page', async () => {
    const list = async (query: string) => uxin.ask('GET', `/v1/certificates?${query}`, { role: 'auditor' });
    expect(identifiersIn(await list('number=F2'))).toEqual([shared]);
    expect(identifiersIn(await list(`type=${FOOD}&number=F1&issuer=150626&status=valid`))).toEqual([single]);
    expect(identifiersIn(await list('issuer=320600'))).toEqual([]);
    const first = await list(`type=${FOOD}&limit=1`);
    const second = await list(`type=${FOOD}&limit=1&cursor=${first.json.next}`);
    expect([...identifiersIn(first), ...identifiersIn(second)]).toEqual([single, shared]);
    expect(await list('holder=x')).toMatchObject({ status: 422 });
    expect(await list('case=none')).toMatchObject({ status: 404 });
  });

  test('a holder is found by number or name, masked, and page by page', async () => {
    const told = await search({
      holder: { number: '11010519491231002x', documentType: 'citizen-number' },
      purpose: PURPOSE,
    });
    expect(identifiersIn(told)).toEqual([single, shared]);
    expect(told.bytes.toString()).not.toMatch(/11010519491231002X|阿依夏木/);
    const first = await search({ holder: { name: AYXAM.name }, purpose: PURPOSE, limit: 1 }, 'platform');
    const second = await search(
      { holder: { name: AYXAM.name }, purpose: PURPOSE, cursor: first.json.next },
      'platform',
    );
    expect([identifiersIn(first), identifiersIn(second)]).toEqual([[single], [shared]]);
    expect(identifiersIn(await search({ holder: RARE, purpose: PURPOSE, number: 'F2', type: FOOD }))).toEqual([shared]);
    expect(identifiersIn(await search({ holder: RARE, purpose: PURPOSE, number: 'F1' }))).toEqual([]);
  });

  test('who searched, why, and what for is written down before it is told, and masked', async () => {
    const before = Date.now();
    await search({ holder: AYXAM, purpose: PURPOSE });
    await search({ holder: { name: '无此人' }, purpose: '群众咨询', type: FOOD }, 'platform');
    const [second, first] = await searches();
    expect(first).toEqual({
      at: expect.any(Number),
      by: 'hall',
      role: 'operator',
      purpose: PURPOSE,
      asked: { holder: { name: '阿***·*例', number: '1101**********002X', documentType: 'citizen-number' } },
      found: 2,
    });
    expect(first.at).toBeGreaterThanOrEqual(before);
    expect(second).toMatchObject({ role: 'platform', purpose: '群众咨询', asked: { typeCode: FOOD }, found: 0 });
    const page = await uxin.ask('GET', '/v1/certificates/searches?limit=1', { role: 'auditor' });
    const next = await uxin.ask('GET', `/v1/certificates/searches?limit=1&cursor=${page.json.next}`, {
      role: 'auditor',
    });
    expect([...page.json.searches, ...next.json.searches]).toEqual([second, first]);
  });

  test('a search says whose and why; otherwise nothing is told and nothing written down', async () => {
    const known = await count('library_search');
    const wrong: [unknown, string[]][] = [
      [{ holder: { name: AYXAM.name } }, ['/purpose']],
      [{ holder: {}, purpose: PURPOSE }, ['/holder/number']],
      [{ holder: { documentType: 'passport', name: RARE.name }, purpose: PURPOSE }, ['/holder/number']],
      [
        { holder: { number: '110105194912310021', documentType: 'citizen-number' }, purpose: PURPOSE },
        ['/holder/number'],
      ],
      [{ holder: { number: '' }, purpose: '' }, ['/holder/number', '/purpose']],
      [{ holder: AYXAM, purpose: PURPOSE, limit: 1000, issuer: 'x', colour: 1 }, ['/issuer', '/limit', '/colour']],
      [{ holder: AYXAM, purpose: PURPOSE, cursor: 'x' }, ['/query/cursor']],
      [undefined, ['']],
    ];
    for (const [body, pointers] of wrong) {
      const { status, json } = await search(body);
      expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
      expect(json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
      expect(JSON.stringify(json)).not.toMatch(/1101051949|示例/);
    }
    expect(await count('library_search')).toBe(known);
  });

  test('only roles that may see personal data search, and only auditors see who did', async () => {
    const known = await count('library_search');
    const refused = await Promise.all(ROLES.map(async (role) => (await search({ holder: AYXAM }, role)).status));
    expect(Object.fromEntries(ROLES.map((role, index) => [role, refused[index]]))).toEqual({
      platform: 422,
      operator: 422,
      sysadmin: 403,
      secadmin: 403,
      auditor: 403,
    });
    for (const role of ['platform', 'operator', 'sysadmin', 'secadmin'] as const)
      expect((await uxin.ask('GET', '/v1/certificates/searches', { role })).status).toBe(403);
    expect(await count('library_search')).toBe(known);
  });

  test('the log has neither addresses nor bodies', async () => {
    const { logged } = uxin.api;
    const before = logged.length;
    await search({ holder: AYXAM, purpose: PURPOSE });
    await uxin.ask('GET', `/v1/certificates?number=${AYXAM.number}`);
    await uxin.ask('GET', `/v1/certificates/${AYXAM.number}`);
    await search({ holder: { ...AYXAM, number: '110105194912310021' }, purpose: PURPOSE });
    const lines = logged.slice(before).map((line) => JSON.parse(line));
    expect(lines.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['POST', '/v1/certificates/search', 200],
      ['GET', '/v1/certificates', 200],
      ['GET', '/v1/certificates/:identifier', 404],
      ['POST', '/v1/certificates/search', 422],
    ]);
    expect(logged.join('')).not.toMatch(/1101051949|示例|阿依夏木|E12345678|补发/);
  });
});

describe('issuing', () => {
  test('the same key and content give the same certificate, and nothing is minted twice', async () => {
    const key = randomUUID();
    const body = input({ number: 'K1' });
    const first = await issue(body, key);
    const known = await uxin.counts();
    const again = await issue(body, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toEqual(first.json);
    expect(await uxin.counts()).toEqual(known);
    expect(await issue({ ...body, number: 'K2' }, key)).toMatchObject({
      status: 422,
      json: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect(await uxin.counts()).toEqual(known);
  });

  test('what is kept for a repeated request says nothing of the holder', async () => {
    await issue(input({ holder: AYXAM }), randomUUID());
    const { read } = uxin.live.core.store;
    const rows = await read.all<Record<'scope' | 'key' | 'body', string>>('SELECT scope, key, body FROM idempotency');
    const kept = rows.map(({ scope, key, body }) => read.vault.openText('idempotency.body', rowOf(scope, key), body));
    expect(kept.join('')).toContain('"');
    expect(kept.join('')).not.toMatch(/示例|1101051949/);
  });

  test('many at once under one key make one certificate', async () => {
    const key = randomUUID();
    const body = input({ number: undefined });
    const before = await count('certificate');
    const told = await Promise.all(Array.from({ length: 12 }, () => issue(body, key)));
    const made = new Set(told.filter(({ status }) => status === 201).map(({ json }) => json.identifier));
    expect(made.size).toBe(1);
    for (const { status, json } of told) if (status !== 201) expect([status, json.code]).toEqual([409, 'CONFLICT']);
    expect(await count('certificate')).toBe(before + 1);
    expect((await issue(body, key)).json.identifier).toBe([...made][0]);
  });

  test('without a key, or under another, the number alone keeps a second one from being made', async () => {
    const body = input({ number: 'N1' });
    const { identifier } = (await issue(body, randomUUID())).json;
    for (const key of [undefined, randomUUID()]) {
      const { status, json } = await issue(body, key);
      expect([status, json.code]).toEqual([409, 'CERTIFICATE_EXISTS']);
      expect(json.detail).toContain(identifier);
    }
    expect(identifiersIn(await uxin.ask('GET', '/v1/certificates?number=N1'))).toEqual([identifier]);
  });

  test('a new version replaces the old one, under its key once', async () => {
    const body = input({ number: 'R1' });
    const { identifier } = (await issue(body)).json;
    const key = randomUUID();
    const made = await issue({ ...body, replaces: identifier }, key);
    expect(made).toMatchObject({ status: 201, json: { certificate: { number: 'R1', version: '002' } } });
    expect((await issue({ ...body, replaces: identifier }, key)).json.identifier).toBe(made.json.identifier);
    const { json } = await uxin.ask('GET', `/v1/certificates/${identifier}/status`);
    expect(json).toMatchObject({ status: 'cancelled', changes: [{ from: 'valid', to: 'cancelled', by: 'hall' }] });
    expect((await issue({ ...body, replaces: identifier })).json.code).toBe('CONFLICT');
  });

  test('after a restart the same key still gives the same certificate', async () => {
    const key = randomUUID();
    const body = input({ number: 'S1' });
    const first = await issue(body, key);
    await uxin.api.close(0);
    await uxin.live.stop();
    const live = await openLiveRegion(uxin.folder);
    const api = await apiOf(live);
    const authorization = await api.bearer('operator');
    const before = await live.core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM certificate');
    const again = await api.app.inject({
      method: 'POST',
      url: '/v1/certificates',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
      payload: JSON.stringify(body),
    });
    expect([again.statusCode, again.json()]).toEqual([201, first.json]);
    expect(await live.core.store.read.get('SELECT count(*) AS n FROM certificate')).toEqual(before);
    uxin = { ...uxin, live, api, close: closing(api, live) };
  });
});
