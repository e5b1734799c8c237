import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeConfig } from '../../config/write-config.ts';
import { runHere } from '../testing/run-here.ts';

const MAPPING = `mapping: 1
in:
  - when: ROW.STATUS = '1' or STATUS = '1'
    open:
      handlingRegion: { value: '150626' }
      item: { from: TASK, default: EX018 }
      mode: { value: agency }
      applicant.kind: { value: person }
      applicant.name: { value: 示例 }
      applicant.documentType: { value: citizen-number }
      applicant.documentNumber: { from: NUMBER, required: true }
      handler.organisation: { value: 大厅 }
      handler.staff: { value: 示例员 }
  - { when: STATUS = '2', case: NO, act: approve-it, data: {} }
  - { when: STATUS = '3', case: NO, note: no-such-note }
  - { when: $exists(ROW), case: ROW.NO, act: withdraw, data: { reason: ROW.WHY, handler.organisation: ROW.ORG, handler.staff: ROW.USER } }
out:
  - { on: cn.tongban.case.accept.v1, reads: case, document: { NO: { from: case.number, required: true } } }
  - { on: cn.tongban.case.transfer.v1, reads: case, document: { FILES: files.file }, files: [{ each: case.materials, material: digest }] }
`;

interface Checked {
  readonly total: number;
  readonly wrong: number;
  readonly records: { rule?: number; row?: number; problems: { pointer: string; code: string; from?: string }[] }[];
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-adapter-'));
  await writeFile(at('mapping.yaml'), MAPPING);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

async function check(name: string, content: string | Uint8Array, ...more: readonly string[]) {
  await writeFile(at(name), content);
  const config = more.length > 0 ? more : [at('mapping.yaml')];
  const { code, stdout } = await runHere(['adapter', 'check', ...config, '--sample', at(name), '--json']);
  return { code, checked: JSON.parse(stdout) as Checked };
}

describe('adapter check', () => {
  it('holds what is mapped against the rules of the gateway, and names the field that it came from', async () => {
    const records = [
      { STATUS: '1', NUMBER: '110105194912310021' },
      { STATUS: '1' },
      { STATUS: '2', NO: 'x' },
      { STATUS: '3', NO: 'x' },
      {},
    ];
    const { code, checked } = await check('records.json', JSON.stringify(records));
    expect(code).toBe(1);
    expect(checked).toMatchObject({ total: 5, wrong: 5 });
    expect(checked.records.map(({ problems }) => problems)).toMatchObject([
      [{ pointer: '/wishes/0/body/applicant/documentNumber', code: 'IDENTIFIER', from: 'NUMBER' }],
      [{ pointer: '/wishes/0/body/applicant/documentNumber', code: 'REQUIRED', from: 'NUMBER' }],
      [{ pointer: '/wishes/0/act', code: 'NOT_IN_LIST' }],
      [{ pointer: '/wishes/0/note', code: 'NOT_IN_LIST' }],
      [{ pointer: '', code: 'NO_RULE' }],
    ]);
  });

  it('shows of a file within a record how large it is and which, not its bytes', async () => {
    const rule = '{ case: NO, act: withdraw, data: {}, files: [{ name: { value: 扫描件 }, content: DATA }] }';
    await writeFile(at('within.yaml'), `mapping: 1\nin: [${rule}]\n`);
    const record = { NO: 'x', DATA: Buffer.from('%PDF').toString('base64') };
    const { checked } = await check('within.json', JSON.stringify(record), at('within.yaml'));
    const sha256 = createHash('sha256').update('%PDF').digest('hex');
    expect(checked.records).toMatchObject([
      { wishes: [{ files: [{ name: '扫描件', content: { size: 4, sha256 } }] }] },
    ]);
  });

  it('is content with good records, and shows people what they come to', async () => {
    await writeFile(at('good.json'), JSON.stringify({ STATUS: '1', NUMBER: '11010519491231002X' }));
    const { code, stdout } = await runHere(['adapter', 'check', at('mapping.yaml'), '--sample', at('good.json')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/规则 \/ rule 1[\s\S]*"documentNumber": "11010519491231002X"[\s\S]*1 条记录,0 条有问题/);
  });

  it('reads XML and tables, each row by its number', async () => {
    const xml = await check('one.xml', '<ROW><NO>7</NO><WHY>申请人撤回</WHY><ORG>大厅</ORG><USER>示例员</USER></ROW>');
    expect(xml).toMatchObject({ code: 0, checked: { records: [{ rule: 4, problems: [] }] } });
    const csv = await check('rows.csv', 'STATUS,NUMBER\n1,11010519491231002X\n1,\n');
    expect(csv).toMatchObject({
      code: 1,
      checked: {
        records: [
          { row: 2, problems: [] },
          { row: 3, problems: [{ code: 'REQUIRED' }] },
        ],
      },
    });
  });

  it('finds the mapping of a platform in the folder of a gateway, and reads its files as configured', async () => {
    const gateway = at('gateway');
    await mkdir(gateway);
    await writeConfig(join(gateway, 'gateway.yaml'), {
      region: '320600',
      name: '南通',
      peerEndpoint: '127.0.0.1:7443',
    });
    const platforms = [
      `{ kind: directory, name: hall, in: /srv/in, mapping: ${at('mapping.yaml')}, csv: { encoding: gb18030, delimiter: ';' } }`,
      '{ kind: directory, name: plain, in: /srv/plain }',
    ];
    await appendFile(join(gateway, 'gateway.yaml'), `\nplatforms:\n${platforms.map((one) => `  - ${one}\n`).join('')}`);
    const gbk = Buffer.concat([
      Buffer.from('STATUS;NUMBER;'),
      Buffer.from([0xd0, 0xd5, 0xc3, 0xfb]),
      Buffer.from('\n1;11010519491231002X;x\n'),
    ]);
    expect(await check('gbk.csv', gbk, gateway, '--platform', 'hall')).toMatchObject({ code: 0 });
    const sample = ['--sample', at('gbk.csv'), '--json'];
    for (const wrong of [
      [gateway],
      [gateway, '--platform', 'plain'],
      [gateway, '--platform', 'other'],
      [at('mapping.yaml'), '--platform', 'hall'],
    ])
      expect(await runHere(['adapter', 'check', ...wrong, ...sample])).toMatchObject({
        code: 2,
        stdout: expect.stringContaining('VALIDATION_FAILED'),
      });
  });

  it('refuses files that it cannot use, with everything that is wrong in a mapping', async () => {
    await writeFile(at('wrong.yaml'), 'mapping: 1\nin: [{ when: "A =", act: x }]\n');
    const wrong = await runHere(['adapter', 'check', at('wrong.yaml'), '--sample', at('good.json'), '--json']);
    expect(wrong.code).toBe(2);
    expect((JSON.parse(wrong.stdout) as { error: object }).error).toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ pointer: '/in/0/when' }, { pointer: '/in/0' }],
    });
    await writeFile(at('broken.json'), '{');
    await writeFile(at('bomb.xml'), '<!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>');
    for (const sample of ['absent.json', 'broken.json', 'bomb.xml', 'mapping.yaml']) {
      const said = await runHere(['adapter', 'check', at('mapping.yaml'), '--sample', at(sample), '--json']);
      expect(said).toMatchObject({ code: 2, stdout: expect.stringContaining('VALIDATION_FAILED') });
    }
  });
});

describe('adapter dry-run', () => {
  const dryRun = async (...more: readonly string[]) => {
    const { code, stdout, stderr } = await runHere(['adapter', 'dry-run', at('mapping.yaml'), ...more, '--json']);
    return { code, stderr, json: JSON.parse(stdout) as Readonly<Record<string, unknown>> };
  };

  it('shows what would be sent of an event', async () => {
    await writeFile(at('case.json'), '{ "number": "320600-1", "state": "accepted" }');
    const made = await dryRun('--event', 'cn.tongban.case.accept.v1', '--case', at('case.json'));
    expect(made).toMatchObject({ code: 0, json: { wanted: 'case', documents: [{ NO: '320600-1' }] } });
  });

  it('shows which files would go out with it, by their names and sizes', async () => {
    const material = {
      name: '营业执照',
      mediaType: 'application/pdf',
      grade: 'C',
      size: 20_480,
      digest: 'a'.repeat(64),
    };
    await writeFile(
      at('files.json'),
      JSON.stringify({ materials: [material, { ...material, digest: 'b'.repeat(64) }] }),
    );
    const options = ['--event', 'cn.tongban.case.transfer.v1', '--case', at('files.json')];
    const { code, json } = await dryRun(...options);
    const files = [
      { file: '营业执照.pdf', size: 20_480 },
      { file: '营业执照-2.pdf', size: 20_480 },
    ];
    expect(code).toBe(0);
    expect(json).toMatchObject({ documents: [{ FILES: files.map(({ file }) => file) }], files: [files] });
    const { stdout } = await runHere(['adapter', 'dry-run', at('mapping.yaml'), ...options]);
    expect(stdout).toMatch(/营业执照-2\.pdf +20/);
  });

  it('says what is missing, and that the case was not given', async () => {
    const made = await dryRun('--event', 'cn.tongban.case.accept.v1');
    expect(made).toMatchObject({ code: 1, stderr: expect.stringContaining('--case') });
    expect(made.json['problems']).toMatchObject([{ pointer: '/documents/0/NO', code: 'REQUIRED' }]);
  });

  it('knows events that do not concern the platform, and those that there are not', async () => {
    expect(await dryRun('--event', 'cn.tongban.case.deny.v1')).toMatchObject({
      code: 0,
      json: { wanted: 'no', documents: [] },
    });
    expect(await dryRun('--event', 'cn.tongban.case.denied.v1')).toMatchObject({ code: 2 });
    expect(await dryRun('--event', 'cn.tongban.case.accept.v1', '--case', '[]')).toMatchObject({ code: 2 });
    expect(
      await dryRun('--event', 'cn.tongban.case.accept.v1', '--case', '{"number": "1"}', '--answer', '{}'),
    ).toMatchObject({ code: 2 });
  });
});
