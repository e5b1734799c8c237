import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere } from '../testing/run-here.ts';

const PAGE = new URL('../../../docs/mapping.md', import.meta.url);

interface Wish {
  readonly do: string;
  readonly act?: string;
  readonly body?: unknown;
  readonly data?: unknown;
}

let folder: string;
let page: string;

beforeAll(async () => {
  page = await readFile(PAGE, 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'tongban-mapping-'));
  for (const [, name, content] of page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms))
    await writeFile(join(folder, name!), content!);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const file = (name: string) => join(folder, name);

describe('the page about mappings', () => {
  it('has an example whose records all become what the gateway takes', async () => {
    const args = ['adapter', 'check', file('mapping.yaml'), '--sample', file('records.json'), '--json'];
    const { code, stdout } = await runHere(args);
    const { records } = JSON.parse(stdout) as {
      records: { name?: string; ignored?: string; wishes: Wish[]; problems: object[] }[];
    };
    expect(records.flatMap(({ problems }) => problems)).toEqual([]);
    expect(code).toBe(0);
    const done = records.map(({ wishes }) => wishes.map((wish) => wish.act ?? wish.do));
    expect(done).toEqual([['open'], [], ['accept'], ['request-supplement'], ['start-special'], ['approve', 'issue']]);
    expect(records[1]!.ignored).toBe('部门内部流转,不影响办件状态');
    expect(records[0]!.wishes[0]!.body).toMatchObject({
      applicant: { kind: 'person', name: '阿依夏木·示例', documentType: 'citizen-number', mobile: '13800000000' },
      form: { 申请日期: '2026-11-20' },
    });
    expect(records[3]!.wishes[0]!.data).toMatchObject({
      items: [{ material: '健康证明', reason: '已过期' }],
      deadline: Date.parse('2026-12-01T17:00:00+08:00'),
    });
  });

  it('has an example that tells the platform of our acts, and judges its answers', async () => {
    const found = {
      item: 'EX018',
      applicant: { name: '阿依夏木·示例', documentType: 'passport', documentNumber: 'E00000000' },
    };
    await writeFile(file('found.json'), JSON.stringify({ ...found, number: '150626-2026-1' }));
    const args = ['adapter', 'dry-run', file('mapping.yaml'), '--case', file('found.json'), '--json'];
    const { code, stdout } = await runHere([
      ...args,
      '--event',
      'cn.tongban.case.withdraw.v1',
      '--answer',
      '{"code": 0, "data": {"project_no": 7}}',
    ]);
    expect(code).toBe(0);
    const { documents, answer } = JSON.parse(stdout) as { documents: object[]; answer: object };
    expect(documents).toEqual([
      expect.objectContaining({
        STATUS: '12',
        APPLYER_PAGE_TYPE: '2',
        CASE_NUMBER: '150626-2026-1',
        TASK_CODE: 'EX018',
      }),
    ]);
    expect(answer).toEqual({ verdict: 'taken', reference: '7', reason: '0' });
  });

  it('has an example that sends the materials of a case, whose names as files it says', async () => {
    const options = ['--event', 'cn.tongban.case.transfer.v1', '--case', file('case.json')];
    const { code, stdout } = await runHere(['adapter', 'dry-run', file('files.yaml'), ...options]);
    expect(code).toBe(0);
    for (const [, name, size] of page.matchAll(/`([^`]+\.(?:pdf|jpg))` (\d+\.\d KiB)/g))
      expect(stdout).toMatch(new RegExp(`"WJ": "${name}"[^]*^${name} +${size}$`, 'm'));
    expect(stdout.match(/KiB$/gm)).toHaveLength(2);
  });

  it('has an example that puts them into the document, which shows where, and leaves them out where they are many', async () => {
    const options = ['--event', 'cn.tongban.case.transfer.v1', '--json', '--case'];
    const run = async (source: string) => {
      const { code, stdout } = await runHere(['adapter', 'dry-run', file('inline.yaml'), ...options, source]);
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { documents: object[] }).documents;
    };
    const shown = /dry-run` 在该处显示 `(‹.+›)`/.exec(page)![1];
    expect(await run(file('case.json'))).toMatchObject([{ BJ: { CL: [{ MC: '营业执照', NR: shown }, {}] } }]);
    const large = JSON.parse(await readFile(file('case.json'), 'utf8')) as { materials: object[] };
    const materials = large.materials.map((material) => ({ ...material, size: 9_000_000 }));
    await writeFile(file('large.json'), JSON.stringify({ ...large, materials }));
    const [{ BJ }] = (await run(file('large.json'))) as [{ BJ: object }];
    expect(BJ).toEqual({ TBBH: '32060020261122000001' });
  });

  it('names every option of a field and every code of a problem', () => {
    for (const word of [
      'from',
      'value',
      'each',
      'fields',
      'table',
      'date',
      'required',
      'default',
      'type',
      'max',
      'pattern',
      'trim',
    ])
      expect(page).toMatch(new RegExp(`^\\| .*\`${word}\``, 'm'));
    for (const code of [
      'NO_RULE',
      'REQUIRED',
      'UNKNOWN_CODE',
      'UNKNOWN_WORD',
      'AMBIGUOUS',
      'DATE',
      'CLOCK',
      'TYPE',
      'EXPRESSION',
      'TIME',
    ])
      expect(page).toContain(`\`${code}\``);
  });
});
