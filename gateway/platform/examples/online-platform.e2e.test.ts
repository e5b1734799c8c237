import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Banjian, OnlinePlatform } from '../../../adapters/examples/a01-online-platform/simulator.ts';
import { ItemLibrary, type LibraryItem } from '../../../adapters/examples/a06-item-library/simulator.ts';
import { ApprovalSystem, type HandleRecord } from '../../../adapters/examples/a14-department-soap/simulator.ts';
import { OneThingPlatform, type Push } from '../../../adapters/examples/a15-one-thing/simulator.ts';
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
const A6 = 'a06-item-library';
const IMPORT = fileURLToPath(new URL(`../../../adapters/examples/${A6}/import-items.ts`, import.meta.url));
const A15 = 'a15-one-thing';
const FILES = { F0001: Buffer.from('%PDF-营业执照'), F0002: Buffer.from('%PDF-申请书') };
const PLAN = { F0003: Buffer.from('PNG 平面布局图') };

let nantong: ExampleRegion;
let uxin: ExampleRegion;
let online: OnlinePlatform;
let oneThing: OneThingPlatform;
let approval: ApprovalSystem;
let library: ItemLibrary;
let pushes: Push[];
let entered: Banjian[];
let handled: HandleRecord[];

beforeAll(async () => {
  [entered, handled, pushes] = await Promise.all([
    exampleRecords<Banjian>(A1, 'banjian.json'),
    exampleRecords<HandleRecord>(A14, 'records.json'),
    exampleRecords<Push>(A15, 'tuisong.json'),
  ]);
  approval = await new ApprovalSystem().listen();
  nantong = await openExampleRegion('320600', async (folder) => {
    const { path, secret } = await secretFile(folder, 'online');
    online = await new OnlinePlatform(secret).listen();
    const poll = { every_ms: 100 };
    const [told, pushed] = [await secretFile(folder, 'told'), await secretFile(folder, 'pushed')];
    oneThing = await new OneThingPlatform(pushed.secret).listen();
    const shared = await secretFile(folder, 'library');
    library = await new ItemLibrary(shared.secret).listen();
    const ways = { auth: { secret_file: told.path }, hook: { auth: { secret_file: pushed.path } } };
    return [
      await examplePlatform(A1, { url: online.url, auth: { secret_file: path }, poll }),
      await examplePlatform(A6, { url: library.url, auth: { secret_file: shared.path } }),
      await examplePlatform(A15, { url: oneThing.url, ...ways }),
    ];
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
  await Promise.all([online, oneThing, library, approval].map((platform) => platform?.close()));
});

/** What is entered at the online platform (A1): a sample, with another serial and case number. */
function enter(zt: string, no: string, files = {}, changes: object = {}): void {
  const sample = entered.find((one) => one.zt === zt)!;
  online.offer({ ...sample, xlh: `${no}-${zt}`, sblsh: no, ...changes }, files);
}

/** What the department does with a case: a sample, with our number only in the first record of the case. */
function work(STATUS: string, PROJECT_NO: string, changes: object = {}): void {
  const sample = handled.find((one) => one.STATUS === STATUS);
  const { TB_NO } = known().find((one) => one.PROJECT_NO === PROJECT_NO)!;
  const number = sample?.['TB_NO'] === undefined ? {} : { TB_NO };
  approval.record({ ...sample, ...number, ROW_GUID: `${PROJECT_NO}-${STATUS}`, PROJECT_NO, STATUS, ...changes });
}

const receipt = (xlh: string) =>
  until(`the receipt of ${xlh}`, () => online.receipts.some((one) => one['xlh'] === xlh));
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
    expect(MATERIAL.map((one) => Buffer.from(one['#text']!, 'base64'))).toEqual(Object.values(FILES));
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
    const { PROJECT_NO } = known()[0]!;
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
    expect(zz).toMatchObject([
      { sblsh: NO, zzmc: '食品经营许可证', zzbs: expect.stringMatching(/^1\.2\.156\.3005\.2\./) },
    ]);
    const { services } = nantong.live;
    const text = await services.certificates.text(zz[0]!['zzbs'] as string);
    expect((await services.certificates.verify(text)).status).toBe('valid');
    enter('13', NO);
    await receipt(`${NO}-13`);
    expect(receiptOf(`${NO}-13`)).toMatchObject({ jg: '1' });
    const { CONVERSATION: conversation } = known()[0]!;
    for (const { live } of [nantong, uxin])
      await until('the delivery', async () => {
        const { state, pending } = await live.services.cases.demand(conversation);
        return state === 'delivered' && !pending;
      });
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
    work('77', known()[1]!.PROJECT_NO);
    await until('the refusal', () => approval.confirmed.some(({ flag }) => flag === '2'));
    expect(await uxin.live.services.deadLetters.list({}, 10)).toMatchObject([
      { queue: 'intake', name: 'approval', code: 'MAPPING_FAILED' },
    ]);
    work('4', known()[1]!.PROJECT_NO);
    await shows('NT-good', '4');
  });
});

describe('a set of a one-thing platform (A15) with a part of another region', () => {
  it('pushes the part of the other region once, hears how it was decided, and hands over when all is there', async () => {
    const before = await count(nantong, 'case_file');
    const numbers = [];
    for (const push of [...pushes.slice(0, 3), pushes[1]!])
      numbers.push(await oneThing.push(nantong.url, push, Date.now()));
    expect(numbers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(numbers[3]).toEqual(numbers[1]);
    expect(numbers[1]!.answer).toMatchObject({ caseNumber: expect.stringMatching(/^320600/) });
    expect(await count(nantong, 'case_file')).toBe(before + 1);
    await departmentHas(3);
    const { message, PROJECT_NO } = known()[2]!;
    expect(message).toMatchObject({
      TASK_CODE: 'EX900',
      FORM: { ITEM: expect.arrayContaining([{ '@name': '一件事', '#text': '开办餐饮店一件事' }]) },
    });
    work('3', PROJECT_NO);
    work('11', PROJECT_NO, { CERT: undefined });
    const part = oneThing.parts.get('YJS-2026-0001-01')!;
    await until('the decision', () => part.result !== undefined);
    expect(part).toMatchObject({ states: ['10', '20', '50'], result: 'Y' });
    expect(oneThing.isDone('YJS-2026-0001')).toBe(false);
    oneThing.decideHere('YJS-2026-0001-02', 'Y');
    expect(oneThing.isDone('YJS-2026-0001')).toBe(true);
    expect(online.cases.has('YJS-2026-0001-01')).toBe(false);
  });

  it('is told at once what is wrong with a push, and nothing comes of it', async () => {
    const before = await count(nantong, 'case_file');
    const wrong = { ...pushes[1]!, tsbh: 'TS-bad', sqr: { ...(pushes[1]!['sqr'] as object), zjlx: 'JGZ' } };
    const { status, answer } = await oneThing.push(nantong.url, wrong, Date.now());
    expect({ status, answer }).toMatchObject({ status: 422, answer: { code: 'MAPPING_FAILED' } });
    expect(await count(nantong, 'case_file')).toBe(before);
  });
});

describe('the item libraries (A6) of both regions', () => {
  it('have the items of one read, published, and the other told of them', async () => {
    const own = await new ItemLibrary('a key of the item library').listen();
    try {
      own.items.push(...(await exampleRecords<LibraryItem>(A6, 'items.json')));
      const reading = spawn(process.execPath, [IMPORT, own.url], { stdio: ['pipe', 'pipe', 'inherit'] });
      reading.stdin.end('a key of the item library\n');
      const headers = { authorization: await uxin.api.bearer('operator'), 'content-type': 'application/json' };
      const body = await text(reading.stdout);
      const imported = await fetch(`${uxin.url}/v1/items`, { method: 'PUT', headers, body });
      expect(await imported.json()).toMatchObject({ imported: 2 });
    } finally {
      await own.close();
    }
    const told = library.changed.length;
    await uxin.live.services.catalogue.publish('320600', '跨省通办');
    await until('Nantong’s library is told', () => library.changed.length > told);
    expect(library.changed.at(-1)).toBe('150626');
    const items = await nantong.live.services.catalogue.list('150626');
    const found = items.find(({ item }) => item.code === 'EX905');
    expect(found?.item).toMatchObject({ name: '示例事项(仅需一份材料)', modes: ['agency'] });
  });
});

async function fetched(conversation: string, digest: string): Promise<Buffer> {
  const answer = await fetch(
    `${uxin.url}/v1/cases/${conversation}/materials/${digest}?purpose=${encodeURIComponent('审批')}`,
    {
      headers: { authorization: await uxin.api.bearer('platform') },
    },
  );
  expect(answer.status).toBe(200);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
  return bytes;
}
