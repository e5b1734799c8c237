import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AT, AYXAM, keepCase } from '../../case/search/testing/kept-cases.ts';
import { type ApiRegion, apiRegion, type Told } from '../../testing/api-region.ts';
import { ROLES, type Role } from '../roles.ts';

const PURPOSE = '窗口查询办件进度';
const DAY_MS = 24 * 60 * 60 * 1000;
const { documentType, documentNumber: number, name } = AYXAM;

let nantong: ApiRegion;

beforeAll(async () => {
  nantong = await apiRegion('320600');
  const { store } = nantong.live.core;
  const now = Date.now();
  await Promise.all([
    keepCase(store, 0, { dueAt: now - DAY_MS, state: 'accepted', updatedAt: AT + 2_000_000 }),
    keepCase(store, 1, { dueAt: now + DAY_MS, state: 'transferred', peer: '350500', role: 'handling', mode: 'online' }),
    keepCase(store, 2, { state: 'delivered', item: 'EX020', applicant: { name: '𠮷示例', documentNumber: '' } }),
    keepCase(store, 3, { dueAt: now - 2 * DAY_MS, state: 'accepted', item: 'EX020' }),
  ]);
});

afterAll(() => nantong.close());

const list = (query: string, role: Role = 'auditor') => nantong.ask('GET', `/v1/cases?${query}`, { role });
const search = (body: unknown, role: Role = 'operator') => nantong.ask('POST', '/v1/cases/search', { role, body });
/** Places of the cases that were told. */
const told = ({ json }: Told): number[] => json.cases.map(({ number: of }: { number: string }) => Number(of.slice(-6)));
const pointers = ({ json }: Told): string[] => json.errors.map(({ pointer }: { pointer: string }) => pointer);
const looks = async () => (await nantong.counts())['personal_access']!;

describe('the list', () => {
  test.each([
    ['', [3, 2, 1, 0]],
    ['state=accepted', [3, 0]],
    ['state=transferred,delivered', [2, 1]],
    ['item=EX020', [3, 2]],
    ['peer=350500', [1]],
    ['role=handling', [1]],
    ['mode=online', [1]],
    ['number=32060020261123', [3, 2, 1, 0]],
    ['number=32060020261123000002', [2]],
    ['overdue=true', [3, 0]],
    ['overdue=true&item=EX020&state=accepted', [3]],
    [`dueBefore=${Date.now() + 2 * DAY_MS}`, [3, 0, 1]],
    ['order=deadline', [3, 0, 1]],
    [`updatedSince=${AT + 1_000_000}`, [0]],
    ['order=changed', [1, 2, 3, 0]],
    ['state=accepted&peer=350500', []],
  ])('by %s', async (query, expected) => {
    expect(told(await list(query))).toEqual(expected);
    const paged: number[] = [];
    for (let next = ''; ; ) {
      const page = await list(`${query}&limit=1${next && `&cursor=${next}`}`);
      paged.push(...told(page));
      if (!page.json.next) break;
      next = page.json.next;
    }
    expect(paged).toEqual(expected);
  });

  test('says when a limit runs out, and masks whose cases they are', async () => {
    const { json, bytes } = await list('');
    expect(json.cases.map(({ dueAt }: { dueAt?: number }) => dueAt !== undefined)).toEqual([true, false, true, true]);
    expect(json.cases[0].applicant).toMatchObject({ name: '阿***·*例', documentNumber: '1101**********002X' });
    expect(bytes.toString()).not.toMatch(/阿依夏木|11010519491231/);
  });

  test.each([
    ['state=asleep', '/query/state'],
    ['state=', '/query/state'],
    ['state=draft&state=accepted', '/query/state'],
    ['item=', '/query/item'],
    ['peer=1506', '/query/peer'],
    ['role=both', '/query/role'],
    ['mode=phone', '/query/mode'],
    ['number=32*', '/query/number'],
    ['dueBefore=tomorrow', '/query/dueBefore'],
    ['dueBefore=1e3', '/query/dueBefore'],
    ['overdue=yes', '/query/overdue'],
    ['updatedSince=-1', '/query/updatedSince'],
    ['order=name', '/query/order'],
    ['limit=0', '/query/limit'],
    ['cursor=x', '/query/cursor'],
    [`cursor=${Buffer.from('["due_at",1,"x"]').toString('base64url')}`, '/query/cursor'],
    [`cursor=${Buffer.from('["created_at",1e300,"x"]').toString('base64url')}`, '/query/cursor'],
    ['applicant=x', '/query/applicant'],
  ])('%s is refused', async (query, pointer) => {
    const answer = await list(query);
    expect([answer.status, answer.json.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(pointers(answer)).toContain(pointer);
  });
});

describe('an applicant', () => {
  test('is found by his document, by his name however its dot is written, and by both', async () => {
    const document = { documentType, number: number.toLowerCase() };
    expect(told(await search({ applicant: document, purpose: PURPOSE }))).toEqual([3, 1, 0]);
    expect(told(await search({ applicant: { name: '阿依夏木•示例' }, purpose: PURPOSE }, 'platform'))).toEqual([
      3, 1, 0,
    ]);
    expect(told(await search({ applicant: { ...document, name }, purpose: PURPOSE, state: ['accepted'] }))).toEqual([
      3, 0,
    ]);
    expect(told(await search({ applicant: { name: '𠮷示例' }, purpose: PURPOSE }))).toEqual([2]);
    expect(told(await search({ applicant: { name }, purpose: PURPOSE, overdue: true, item: 'EX018' }))).toEqual([0]);
    expect(told(await search({ applicant: { name: '无此人' }, purpose: PURPOSE }))).toEqual([]);
  });

  test('is told masked and page by page', async () => {
    const asked = { applicant: { documentType, number }, purpose: PURPOSE, limit: 2 };
    const first = await search(asked, 'platform');
    const second = await search({ ...asked, cursor: first.json.next }, 'platform');
    expect([told(first), told(second)]).toEqual([[3, 1], [0]]);
    expect(second.json.next).toBeUndefined();
    expect(first.bytes.toString()).not.toMatch(/阿依夏木|11010519491231/);
  });

  test('is looked for with a purpose, which is written down masked before anything is told', async () => {
    const before = await looks();
    await search({ applicant: { documentType, number, name }, purpose: PURPOSE });
    await search({ applicant: { name: '无此人' }, purpose: '群众咨询' }, 'platform');
    expect(await looks()).toBe(before + 2);
    const { json } = await nantong.ask('GET', '/v1/personal-access?limit=2', { role: 'auditor' });
    expect(json.accesses).toMatchObject([
      { role: 'platform', what: 'search', conversation: '', subject: '无*人 (0)', purpose: '群众咨询' },
      {
        ...{ by: 'hall', role: 'operator', what: 'search', purpose: PURPOSE },
        subject: 'citizen-number 1101**********002X 阿***·*例 (3)',
      },
    ]);
    const without = await search({ applicant: { name } });
    expect([without.status, without.json.code]).toEqual([403, 'PURPOSE_REQUIRED']);
    expect(await looks()).toBe(before + 2);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['nobody', { applicant: {}, purpose: PURPOSE }, ['/applicant/number']],
    ['a number of no kind', { applicant: { number }, purpose: PURPOSE }, ['/applicant/documentType']],
    ['a kind alone', { applicant: { documentType, name }, purpose: PURPOSE }, ['/applicant/number']],
    [
      'a mistyped number',
      { applicant: { documentType, number: '110105194912310021' }, purpose: PURPOSE },
      ['/applicant/number'],
    ],
    ['an empty name', { applicant: { name: '' }, purpose: PURPOSE }, ['/applicant/name']],
    [
      'wrong filters',
      {
        applicant: { name },
        purpose: '?',
        state: ['asleep'],
        peer: 'x',
        overdue: 1,
        number: 'a',
        limit: 1000,
        colour: 1,
      },
      ['/purpose', '/state/0', '/peer', '/number', '/overdue', '/limit', '/colour'],
    ],
    ['a cursor of another list', { applicant: { name }, purpose: PURPOSE, cursor: 'x' }, ['/cursor']],
    ['nothing', undefined, ['']],
  ])('%s is refused, and nothing is written down', async (_what, body, wrong) => {
    const before = await looks();
    const answer = await search(body);
    expect([answer.status, answer.json.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(pointers(answer)).toEqual(wrong);
    expect(JSON.stringify(answer.json)).not.toMatch(/1101051949|示例/);
    expect(await looks()).toBe(before);
  });

  test('is looked for by roles that may see personal data, and stands in no log', async () => {
    const { logged } = nantong.api;
    const before = logged.length;
    const asked = { applicant: { documentType, number, name }, purpose: PURPOSE };
    const statuses = await Promise.all(ROLES.map(async (role) => [role, (await search(asked, role)).status]));
    expect(Object.fromEntries(statuses)).toEqual({
      platform: 200,
      operator: 200,
      sysadmin: 403,
      secadmin: 403,
      auditor: 403,
    });
    expect(logged.length).toBeGreaterThan(before);
    expect(logged.join('')).not.toMatch(/1101051949|阿依夏木|窗口查询/);
  });
});
