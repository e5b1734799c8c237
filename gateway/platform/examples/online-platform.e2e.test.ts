import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Banjian, OnlinePlatform } from '../../../adapters/examples/a01-online-platform/simulator.ts';
import { ApprovalSystem, type HandleRecord } from '../../../adapters/examples/a14-department-soap/simulator.ts';
import { authorize, BACK_OFFICE, WINDOW } from '../../testing/agency-case.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';
import {
  type ExampleRegion,
  examplePlatform,
  exampleRecords,
  openExampleRegion,
  secretFile,
} from '../testing/example-region.ts';

const A1 = 'a01-online-platform';
const A14 = 'a14-department-soap';
const FILES = { F0001: Buffer.from('%PDF-营业执照'), F0002: Buffer.from('%PDF-申请书') };
const PLAN = { F0003: Buffer.from('PNG 平面布局图') };

let nantong: ExampleRegion;
let uxin: ExampleRegion;
let online: OnlinePlatform;
let approval: ApprovalSystem;
let entered: Banjian[];
let handled: HandleRecord[];

beforeAll(async () => {
  [entered, handled] = await Promise.all([
    exampleRecords<Banjian>(A1, 'banjian.json'),
    exampleRecords<HandleRecord>(A14, 'records.json'),
  ]);
  approval = await new ApprovalSystem().listen();
  nantong = await openExampleRegion('320600', async (folder) => {
    const { path, secret } = await secretFile(folder, 'online');
    online = await new OnlinePlatform(secret).listen();
    const poll = { every_ms: 100 };
    return [await examplePlatform(A1, { url: online.url, auth: { secret_file: path }, poll })];
  });
  uxin = await openExampleRegion('150626', async (folder) => {
    const { path } = await secretFile(folder, 'approval');
    const changes = { url: approval.url, auth: { password_file: path }, poll: { every_ms: 100 } };
    return [await examplePlatform(A14, changes)];
  });
  await pinEachOther(nantong.live, uxin.live);
  await authorize(nantong.live, uxin.live);
});

afterAll(async () => {
  await Promise.all([nantong, uxin].map((region) => region?.close()));
  await Promise.all([online, approval].map((platform) => platform?.close()));
});

/** What is entered at the online platform (A1): a sample, with another serial and case number. */
function enter(zt: string, no: string, files = {}, changes: object = {}): void {
  const sample = entered.find((one) => one.zt === zt)!;
  online.offer({ ...sample, xlh: `${no}-${zt}`, sblsh: no, ...changes }, files);
}

function work(STATUS: string, PROJECT_NO: string, changes: object = {}): void {
  const sample = handled.find((one) => one.STATUS === STATUS)!;
  approval.record({ ...sample, ROW_GUID: `${PROJECT_NO}-${STATUS}`, PROJECT_NO, ...changes });
}

const receipt = (xlh: string) => until(`the receipt of ${xlh}`, () => online.receipts.some((one) => one['xlh'] === xlh));
const receiptOf = (xlh: string) => online.receipts.findLast((one) => one['xlh'] === xlh);
const shows = (no: string, zt: string) => until(`${no} shows ${zt}`, () => online.cases.get(no)!.zt.at(-1) === zt);
/** The department has so many cases, and its numbers for them are bound. */
const departmentHas = (cases: number) =>
  until(`${cases} cases at the department`, async () => {
    const [told] = await uxin.live.services.platforms.health();
    return approval.cases.size === cases && told?.behind === 0;
  });
const known = () => [...approval.cases.values()];

async function count({ live }: ExampleRegion, table: string): Promise<number> {
  return (await live.core.store.read.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))!.n;
}

describe('a case between an online service platform (A1, REST) and a department’s own system (A14, SOAP)', () => {
  const NO = 'NT320600261122000001';

  it('is handed in by REST, and reaches the department in its own words with every file', async () => {
    approval.faults = 1;
    enter('0', 'NT-draft');
    enter('1', NO, FILES);
    await receipt(`${NO}-1`);
    expect(receiptOf(`${NO}-1`)).toMatchObject({ jg: '1', tbbh: expect.stringMatching(/^320600/), yy: '' });
    await receipt('NT-draft-0');
    await departmentHas(1);
    const [found] = known();
    expect(found).toMatchObject({ PROJECT_NO: 'UX20260001', operations: ['I'] });
    expect(found!.message).toMatchObject({
      ...{ RECEIVE_AREA: '320600', TASK_CODE: 'EX018', APPLYER_NAME: '测试食品有限公司', APPLYER_TYPE: '2' },
      ...{ APPLYER_PAGE_TYPE: '11', APPLYER_PAGE_CODE: '92320600MA00000038', APPLYER_MOBILE: '13800000000' },
      FORM: { ITEM: expect.arrayContaining([{ '@name': '经营项目', '#text': '预包装食品销售' }]) },
    });
    const { MATERIAL } = found!.message['MATERIALS'] as { MATERIAL: Record<string, string>[] };
    expect(MATERIAL.map((one) => one['@name'])).toEqual(['营业执照', '食品经营许可申请书']);
    const bytes = await Promise.all(MATERIAL.map((one) => fetched(found!.CONVERSATION, one['@sha256']!)));
    expect(bytes).toEqual(Object.values(FILES));
    await shows(NO, '2');
  });

  it('is one case, however often the record is handed in', async () => {
    enter('1', NO, FILES);
    await until('the second receipt', () => online.receipts.filter(({ xlh }) => xlh === `${NO}-1`).length === 2);
    expect(new Set(online.receipts.filter(({ xlh }) => xlh === `${NO}-1`).map(({ tbbh }) => tbbh)).size).toBe(1);
    expect([await count(nantong, 'case_file'), await count(uxin, 'case_file')]).toEqual([1, 1]);
  });

  it('is supplemented, examined at the place and decided, and each step is told in words of the other', async () => {
    const [{ PROJECT_NO }] = known() as [{ PROJECT_NO: string }];
    work('8', PROJECT_NO);
    work('6', PROJECT_NO);
    await shows(NO, '6');
    expect(online.cases.get(NO)!.told.at(-1)).toMatchObject({ bzcl: [{ clmc: '平面布局图', yy: '未提交' }] });
    enter('7', NO, PLAN);
    await until('the supplement', () => known()[0]!.operations.join() === 'I,U');
    work('3', PROJECT_NO);
    work('9', PROJECT_NO);
    await shows(NO, '9');
    expect(online.cases.get(NO)!.told.at(-1)).toMatchObject({ tbcx: '2', yj: '核查经营场所' });
    work('10', PROJECT_NO);
    work('11', PROJECT_NO);
    await until('the certificate', () => online.cases.get(NO)!.zz.length === 1);
    const { zt, told, zz } = online.cases.get(NO)!;
    expect(zt).toEqual(['2', '6', '7', '3', '9', '10', '11']);
    expect(told.at(-1)).toMatchObject({ jg: '1', yj: '符合条件,准予许可' });
    expect(zz).toMatchObject([{ sblsh: NO, zzmc: '食品经营许可证', zzbs: expect.stringMatching(/^1\.2\.156\.3005\.2\./) }]);
    const { services } = nantong.live;
    const text = await services.certificates.text(zz[0]!['zzbs'] as string);
    expect((await services.certificates.verify(text)).status).toBe('valid');
    enter('13', NO);
    await receipt(`${NO}-13`);
    expect(receiptOf(`${NO}-13`)).toMatchObject({ jg: '1' });
    const { conversation } = await services.cases.demand(known()[0]!.CONVERSATION);
    const deeds = await services.cases.deeds(conversation);
    expect(deeds.map(({ event, handler }) => [event, handler?.staff])).toContainEqual(['approve', BACK_OFFICE.staff]);
    expect(deeds.map(({ event, handler }) => [event, handler?.staff])).toContainEqual(['deliver', WINDOW.staff]);
  });

  it('goes on while a record with an unknown code is parked with its reason', async () => {
    enter('1', 'NT-bad', FILES, { sqrzjlx: '777' });
    enter('1', 'NT-good', FILES);
    await receipt('NT-bad-1');
    await receipt('NT-good-1');
    expect(receiptOf('NT-bad-1')).toMatchObject({ jg: '2', yy: expect.stringContaining('documentType') });
    expect(receiptOf('NT-good-1')).toMatchObject({ jg: '1' });
    await departmentHas(2);
    const letters = await nantong.live.services.deadLetters.list({}, 10);
    expect(letters).toMatchObject([{ queue: 'intake', name: 'online-platform', code: 'MAPPING_FAILED' }]);
    work('77', known()[1]!.PROJECT_NO, { STATUS: '77' });
    await until('the refusal', () => approval.confirmed.some(({ flag }) => flag === '2'));
    expect(await uxin.live.services.deadLetters.list({}, 10)).toMatchObject([
      { queue: 'intake', name: 'approval', code: 'MAPPING_FAILED' },
    ]);
    work('3', known()[1]!.PROJECT_NO);
    await shows('NT-good', '3');
  });
});

async function fetched(conversation: string, digest: string): Promise<Buffer> {
  const answer = await fetch(`${uxin.url}/v1/cases/${conversation}/materials/${digest}?purpose=${encodeURIComponent('审批')}`, {
    headers: { authorization: await uxin.api.bearer('platform') },
  });
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  return bytes;
}
