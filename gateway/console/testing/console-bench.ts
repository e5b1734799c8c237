import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placeFile } from '../../../adapters/testing/folders.ts';
import type { TestApi } from '../../api/testing/api.ts';
import { stepAt, type TotpFactor, totpCode } from '../../duty/totp.ts';
import { APPLICANT, authorize, NO_MATERIALS, WINDOW } from '../../testing/agency-case.ts';
import { apiOf } from '../../testing/api-region.ts';
import {
  type LiveRegion,
  makeRegionFolder,
  openLiveRegion,
  pinEachOther,
  removeFolders,
  until,
} from '../../testing/live-region.ts';

const UXIN = '150626';
/** 测试, in GBK. */
const GBK = Buffer.from('b2e2cad4', 'hex');
/** A vendor's record of a case that a hall took in (示例大厅). */
const RECORD = {
  ...{ STATUS: '1', PROJECT_NO: 'XM-1', AREA_CODE: UXIN, TASK_CODE: NO_MATERIALS, APPLYER_TYPE: '2' },
  ...{ APPLYER_NAME: APPLICANT.name, APPLYER_PAGE_TYPE: '9', APPLYER_PAGE_CODE: APPLICANT.documentNumber },
  ...{ CONTACT_MOBILE: APPLICANT.mobile, ADDRESS: APPLICANT.address, SCOPE: '预包装食品销售' },
  ...{ APPLY_DATE: '2026-01-05', ORG_NAME: WINDOW.organisation, HANDLE_USER_NAME: WINDOW.staff },
};
const MAPPING = `mapping: 1
name: 示例大厅
tables:
  applicantKind: { 1: person, 2: legal-person }
  documentType: { 1: citizen-number, 2: passport }
in:
  - name: 已接件
    when: STATUS = '1'
    reference: PROJECT_NO
    open:
      handlingRegion: AREA_CODE
      item: TASK_CODE
      mode: { value: agency }
      applicant.kind: { from: APPLYER_TYPE, table: applicantKind }
      applicant.name: { from: APPLYER_NAME, required: true }
      applicant.documentType: { from: APPLYER_PAGE_TYPE, table: documentType }
      applicant.documentNumber: { from: APPLYER_PAGE_CODE, required: true }
      applicant.mobile: CONTACT_MOBILE
      applicant.address: ADDRESS
      form.经营项目: SCOPE
      form.申请日期: { from: APPLY_DATE, date: { pattern: yyyy-MM-dd, as: yyyy-MM-dd, ahead: 1d } }
      handler.organisation: { from: ORG_NAME, required: true }
      handler.staff: { from: HANDLE_USER_NAME, required: true }
`;

/** A gateway with a hall's folder (示例大厅) whose records it cannot understand, and who administers it. */
export interface ConsoleBench {
  readonly live: LiveRegion;
  readonly api: TestApi;
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  /** Token of an operator. */
  readonly operator: string;
  /** Token of the system administrator Wang. */
  readonly administrator: string;
  /** A code that he has not used yet; only three in half a minute. */
  code(): string;
  /** Places records of every bad sort, and waits until each is parked. */
  park(): Promise<void>;
  /** Adds the code to the table that lacks it, as an engineer would. */
  mendMapping(): Promise<void>;
  /** How many cases there are. */
  cases(): Promise<number>;
  close(): Promise<void>;
}

/** Opens it, with a second region that takes its cases. */
export async function consoleBench(): Promise<ConsoleBench> {
  const folders = [await makeRegionFolder('320600'), await makeRegionFolder(UXIN)] as const;
  const [inbox, mapping] = ['hall-in', 'hall.mapping.yaml'].map((name) => join(folders[0], name)) as [string, string];
  await mkdir(inbox);
  await writeFile(mapping, MAPPING);
  const platform = { kind: 'directory', name: 'hall', in: inbox, poll_ms: 50, mapping };
  await appendFile(join(folders[0], 'gateway.yaml'), `\nplatforms: ${JSON.stringify([platform])}\n`);
  const [live, uxin] = await Promise.all(folders.map((folder) => openLiveRegion(folder)));
  if (!live || !uxin) throw new TypeError('two folders are two regions');
  const { administrators, audit, platforms, deadLetters } = live.services;
  const clock = { now: Date.now };
  const api = await apiOf(live, { duties: administrators, audit, clock });
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  await platforms.start(live.core.config.platforms);
  await pinEachOther(live, uxin);
  await authorize(live, uxin);
  const factor = (await administrators.enrol({ subject: 'wang', role: 'sysadmin', algorithm: 'SHA1' }, 'bench'))!;
  const tokenOf = async (role: 'operator' | 'sysadmin', subject: string) =>
    (await api.bearer(role, { subject, now: Date.now(), ttlSeconds: 3600 })).slice('Bearer '.length);

  return {
    live,
    api,
    url: `http://127.0.0.1:${port}`,
    operator: await tokenOf('operator', 'hall-3'),
    administrator: await tokenOf('sysadmin', 'wang'),
    code: freshCodes(factor),
    async park() {
      const bad = '<?xml version="1.0" encoding="UTF-8"?><BANJIAN><STATUS>1</STATUS>';
      await placeFile(inbox, 'code.json', JSON.stringify(RECORD));
      const ahead = { ...RECORD, PROJECT_NO: 'XM-2', APPLYER_PAGE_TYPE: '1', APPLY_DATE: '2099-01-05' };
      await placeFile(inbox, 'ahead.json', JSON.stringify(ahead));
      await placeFile(inbox, 'malformed.xml', bad);
      const parts = [`${bad}<NAME>`, GBK, '</NAME></BANJIAN>'].map((part) => Buffer.from(part));
      await placeFile(inbox, 'encoding.xml', Buffer.concat(parts));
      await until('the letters', async () => (await deadLetters.list({}, 10)).length === 4);
    },
    async mendMapping() {
      const mended = (await readFile(mapping, 'utf8')).replace('2: passport }', '2: passport, 9: social-credit-code }');
      await writeFile(`${mapping}.new`, mended);
      await rename(`${mapping}.new`, mapping);
    },
    cases: async () => (await live.core.store.read.get<{ n: number }>('SELECT count(*) AS n FROM case_file'))!.n,
    async close() {
      await platforms.stop();
      await api.close(0);
      await audit.stop();
      await Promise.all([live.stop(), uxin.stop()]);
      await removeFolders(...folders);
    },
  };
}

/** Each counts once, and the gateway takes those of half a minute ago and of half a minute to come. */
function freshCodes(factor: TotpFactor): () => string {
  let last = 0;
  return () => {
    last = Math.max(last + 1, stepAt(Date.now()) - 1);
    return totpCode(factor, last);
  };
}
