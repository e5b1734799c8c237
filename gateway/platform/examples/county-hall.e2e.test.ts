import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Banjian, OnlinePlatform } from '../../../adapters/examples/a01-online-platform/simulator.ts';
import { CountyHall, type HallRow } from '../../../adapters/examples/a02-county-hall/simulator.ts';
import { type FiledCase, FolderDepartment } from '../../../adapters/examples/a14-department-folder/simulator.ts';
import { temporaryFolder } from '../../../adapters/testing/folders.ts';
import { postgresServer, type StagingDatabase } from '../../../adapters/testing/staging-servers.ts';
import { scanTable } from '../../scan/scan-table.ts';
import { authorize } from '../../testing/agency-case.ts';
import { pinEachOther, until } from '../../testing/live-region.ts';
import {
  type ExampleRegion,
  examplePlatform,
  exampleRecords,
  openExampleRegion,
  secretFile,
} from '../testing/example-region.ts';

const A1 = 'a01-online-platform';
const A2 = 'a02-county-hall';
const A14 = 'a14-department-folder';
const SAMPLES = new URL(`../../../adapters/examples/${A14}/samples/`, import.meta.url);
const FILES = { 'M-0001': Buffer.from('%PDF-营业执照'), 'M-0002': Buffer.from('%PDF-申请书') };
const NO = 'XM-2026-0001';

const server = await postgresServer();

describe.skipIf(!server)('a county hall with a staging database (A2)', () => {
  let nantong: ExampleRegion;
  let uxin: ExampleRegion;
  let staging: StagingDatabase;
  let hall: CountyHall;
  let online: OnlinePlatform;
  let department: FolderDepartment;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let rows: HallRow[];

  beforeAll(async () => {
    staging = await server!.database();
    hall = await new CountyHall(staging.platform).open();
    rows = await exampleRecords<HallRow>(A2, 'rows.json');
    folder = await temporaryFolder();
    department = await new FolderDepartment(folder.path).open();
    nantong = await openExampleRegion('320600', async () => {
      const place = { url: staging.url(), password_file: staging.passwordFile, tls: 'off' };
      return [await examplePlatform(A2, { ...place, in: { poll_ms: 100 } })];
    });
    uxin = await openExampleRegion('150626', async (own) => {
      const { path, secret } = await secretFile(own, 'online');
      online = await new OnlinePlatform(secret).listen();
      return [
        await examplePlatform(A14, { ...department.folders, poll_ms: 100 }),
        await examplePlatform(A1, { url: online.url, auth: { secret_file: path }, poll: { every_ms: 100 } }),
      ];
    });
    await pinEachOther(nantong.live, uxin.live);
    await authorize(nantong.live, uxin.live);
    await authorize(uxin.live, nantong.live);
  });

  afterAll(async () => {
    await Promise.all([nantong, uxin].map((region) => region?.close()));
    await online?.close();
    await staging?.close();
    await folder?.remove();
  });

  const sample = (guid: string) => rows.find(({ row }) => row['row_guid'] === guid)!;

  /** Writes a sample, changed, and waits for what the gateway writes into the row. */
  async function write(guid: string, changes: Record<string, string | null> = {}, materials = {}) {
    const { table, row } = sample(guid);
    const written = { ...row, ...changes };
    await hall.write({ table, row: written }, materials);
    return answered(table, written['row_guid']!);
  }

  async function answered(table: HallRow['table'], guid: string) {
    await until(`an answer to ${guid}`, async () => {
      const state = (await hall.answerTo(table, guid))?.state;
      return state === 'done' || state === 'failed';
    });
    return (await hall.answerTo(table, guid))!;
  }

  async function hallHears(number: string, event: string): Promise<Record<string, unknown>> {
    const found = () => hall.events.get(number)?.find((row) => row['event_type'] === event);
    await until(`${event} at the hall`, async () => {
      await hall.look();
      return found() !== undefined;
    });
    return JSON.parse(String(found()!['event_data']));
  }

  async function departmentHears(operations: string, place: number): Promise<Readonly<Record<string, unknown>>> {
    await until(`${operations} at the department`, async () => {
      await department.look();
      return [...department.cases.values()][place]?.operations.join() === operations;
    });
    return [...department.cases.values()][place]!.document;
  }

  async function reported(name: string) {
    await until(`a report of ${name}`, async () => (await department.report(name)) !== undefined);
    return (await department.report(name))!;
  }

  describe('and a department with a folder (A14)', () => {
    let number: string;
    let TBBH: string;

    it('carries a row with its materials into a file in GBK, once', async () => {
      const row = await write('G-0001', {}, FILES);
      expect(row).toMatchObject({ state: 'done', error_code: null, case_number: expect.stringMatching(/^320600/) });
      number = row.case_number!;
      const filed = await departmentHears('新增', 0);
      TBBH = filed['TBBH'] as string;
      expect(filed).toMatchObject({ SJDQ: '320600', SQR: { MC: '测试食品有限公司', ZJLX: '统一社会信用代码' } });
      const { WJ } = filed['CL'] as { WJ: { '@mc': string; '@wjm': string; '@sha256': string }[] };
      const [{ files }] = [...department.cases.values()] as [FiledCase];
      expect(WJ.map((one) => [one['@mc'], one['@wjm']])).toEqual([
        ['营业执照', '营业执照.pdf'],
        ['食品经营许可申请书', '食品经营许可申请书.pdf'],
      ]);
      expect(WJ.map((one) => files.get(one['@wjm']))).toEqual(Object.values(FILES));
      expect(WJ.map((one) => one['@sha256'])).toEqual(Object.values(FILES).map(sha256));
      await hall.correct('accept_in', 'G-0001', 'project_no', NO);
      await until('the second try', async () => (await hall.answerTo('accept_in', 'G-0001'))!.tries === 2);
      expect(await answered('accept_in', 'G-0001')).toEqual({ ...row, tries: 2 });
      expect([await cases(nantong), await cases(uxin)]).toEqual([1, 1]);
    });

    it('is asked for a supplement in XML, and sends it from the database', async () => {
      const xml = new TextDecoder('gb18030').decode(await readFile(new URL('buzheng.xml', SAMPLES)));
      await department.exportDocument('buzheng', xml.replace('15062620261122000001', TBBH));
      const told = await hallHears(number, 'request-supplement');
      expect(told).toMatchObject({ step: { items: [{ material: '平面布局图', reason: '未提交' }] } });
      const { core, services } = uxin.live;
      const parked = Buffer.from(sha256(FILES['M-0001']), 'hex');
      const [{ document }] = [...department.cases.values()] as [FiledCase];
      const conversation = document['HHBH'] as string;
      const found = { state: 'parked', at: core.clock.now(), signature: 'Example' } as const;
      await core.store.write((tx) => scanTable.keep(tx, conversation, parked, found));
      expect(await write('G-0002', {}, { 'M-0003': Buffer.from('%PDF-平面布局图') })).toMatchObject({ state: 'done' });
      const letters = () => services.deadLetters.list({ queue: 'platform' }, 10);
      await until('a dead letter', async () => (await letters()).length > 0);
      const [letter] = await letters();
      expect(letter).toMatchObject({ name: 'counter', reason: 'refused', code: 'PLATFORM_REFUSED' });
      expect(JSON.stringify(await services.deadLetters.show(letter!.id))).toContain('(MATERIAL_PARKED)');
      expect(await readdir(department.folders.out)).toEqual([]);
      await services.scans.release(conversation, parked, { by: 'li', reason: '误报' });
      await services.deadLetters.retry(letter!.id, { by: 'li', role: 'sysadmin', reason: '已放行' });
      expect(await departmentHears('新增,补正', 0)).toMatchObject({ BLLSH: 'SC-2026-018' });
      const [{ files }] = [...department.cases.values()] as [FiledCase];
      expect([...files.keys()].sort()).toEqual(['平面布局图.pdf', '营业执照.pdf', '食品经营许可申请书.pdf']);
    });

    it('is decided by the rows of a table, of which one bad row is parked while the others are done', async () => {
      const own = { BLLSH: 'SC-2026-018', JBRGH: 'UX011' };
      const certificate = { FZR: '测试人', JYCS: '测试路1号', ZTYT: '食品销售经营者', JYXM: '预包装食品销售' };
      const result = { BLYJ: '符合条件,准予许可', JG: '准予许可', ZZBH: 'JY11506260000018', YXQZ: '2031/11/21' };
      await department.exportRows('banli-1', [
        { ...own, TBBH, ZT: '3' },
        { ...own, ZT: '8' },
        { ...own, ZT: '9', TBCX: '8', BLYJ: '无此种类' },
        { ...own, ZT: '9', TBCX: '2', BLYJ: '核查经营场所' },
        { ...own, ZT: '10', BLYJ: '现场符合要求' },
        { ...own, ZT: '11', ...result, ...certificate },
      ]);
      const { accepted, refused, rows: told } = await reported('banli-1.csv');
      expect([accepted, refused]).toEqual([5, 1]);
      expect(told).toContainEqual(expect.objectContaining({ row: 4, code: 'MAPPING_FAILED' }));
      expect(await uxin.live.services.deadLetters.list({}, 10)).toMatchObject([
        { queue: 'intake', name: 'counter', code: 'MAPPING_FAILED' },
      ]);
      const issued = await hallHears(number, 'issue');
      const { services } = nantong.live;
      const text = await services.certificates.text(issued['certificate'] as string);
      expect((await services.certificates.verify(text)).status).toBe('valid');
      expect(await hallHears(number, 'approve')).toMatchObject({ step: { explanation: '符合条件,准予许可' } });
      const heard = hall.events.get(number)!;
      expect(heard.every((row) => row['project_no'] === NO)).toBe(true);
      expect(heard.map((row) => row['event_type'])).toEqual([
        ...['receive', 'transfer', 'request-supplement', 'submit-supplement', 'accept'],
        ...['start-special', 'end-special', 'approve', 'issue'],
      ]);
      expect(await write('G-0003')).toMatchObject({ state: 'done' });
    });

    it('is told in the row what is wrong with it, and goes on when it is corrected', async () => {
      const own = { row_guid: 'G-0099', project_no: 'XM-2026-0099', applyer_page_type: '888' };
      const wrong = await write('G-0001', own);
      expect(wrong).toMatchObject({ state: 'failed', error_code: 'MAPPING_FAILED' });
      expect(wrong.error_detail).toContain('/wishes/0/body/applicant/documentType');
      expect(await cases(nantong)).toBe(1);
      await hall.correct('accept_in', 'G-0099', 'applyer_page_type', '001');
      await until('the correction', async () => (await hall.answerTo('accept_in', 'G-0099'))!.state === 'done');
      expect(await cases(nantong)).toBe(2);
      await until('the second case', async () => {
        await department.look();
        return department.cases.size === 2;
      });
    });
  });

  it('is the handling platform of what comes from an online service platform (A1), by its own tables', async () => {
    const [entered] = await exampleRecords<Banjian>(A1, 'banjian.json');
    const files = { F0001: FILES['M-0001'], F0002: FILES['M-0002'] };
    const sblsh = 'UX150626261122000001';
    const plan = { clmc: '平面布局图', clid: 'F0003', wjlx: 'image/png' };
    const clxx = [...(entered!['clxx'] as object[]), plan];
    online.offer({ ...entered!, xlh: 'UX-1', sblsh, bldq: '320600', clxx }, { ...files, F0003: Buffer.from('PNG') });
    await until('the case at the hall', async () => {
      await hall.look();
      return hall.received.length > 0;
    });
    const [came] = hall.received as [Record<string, unknown>];
    expect(came).toMatchObject({ receive_region: '150626', handle_region: '320600', applyer_page_type: '001' });
    const named = JSON.parse(String(came['materials'])) as { name: string; file: string; sha256: string }[];
    const contents = [...Object.values(FILES), Buffer.from('PNG')];
    expect(named.map(({ sha256: digest }) => digest)).toEqual(contents.map(sha256));
    expect([...(await hall.materialsOf(came)).values()]).toEqual(contents);
    expect(await write('G-0011')).toMatchObject({ state: 'done' });
    expect(await write('G-0013', { tb_no: String(came['case_number']) })).toMatchObject({ state: 'done' });
    for (const guid of ['G-0014', 'G-0015', 'G-0016'])
      expect(await write(guid)).toMatchObject({ state: 'done', error_detail: null });
    await until('the certificate', () => online.cases.get(sblsh)!.zz.length === 1);
    expect(online.cases.get(sblsh)).toMatchObject({
      zt: ['2', '3', '9', '10', '11'],
      zz: [{ zzmc: '食品经营许可证' }],
    });
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function cases({ live }: ExampleRegion): Promise<number> {
  return (await live.core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM case_file'))!.n;
}
