import { open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { encodeText } from '../encodings.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { testContext, testEvent } from '../testing/context.ts';
import { placeFile, placeFolder, temporaryFolder } from '../testing/folders.ts';
import { bodyOf, filesOf, Ledger, tryAgain } from '../testing/ledger.ts';
import { plainMapping } from '../testing/plain-mapping.ts';
import { sourceContract } from '../testing/source-contract.ts';
import { textAt } from '../value-at.ts';
import { directoryKind } from './directory-adapter.ts';

const NEVER_POLL = 3_600_000;

/** A way in for each format: cases as JSON in one field, with the number of the case beside it. */
const WAYS = {
  xml: {
    field: 'Case.json',
    lane: 'Case.no',
    write: (lane: string, field: string, json: string, more = '') =>
      `<Case><no>${lane}</no><${field}><![CDATA[${json}]]></${field}>${more}</Case>`,
    poison: '<Case><json>{"half": ',
    more: '<new>1</new>',
  },
  csv: {
    field: 'json',
    lane: 'no',
    write: (lane: string, field: string, json: string, more = '') =>
      `no,${field}${more && ',new'}\n"${lane}","${json.replaceAll('"', '""')}"${more && ',1'}\n`,
    poison: 'no,json\n1,"half',
    more: 'new',
  },
} as const;

for (const [format, way] of Object.entries(WAYS)) {
  sourceContract(`directory with ${format}`, async () => {
    const folder = await temporaryFolder();
    const mapping = plainMapping((document) => JSON.parse(textAt(document, way.field) ?? ''));
    const place = (name: string, content: string) => placeFile(folder.path, `${name}.${format}`, content);
    return {
      async open() {
        const config = { name: 'files', in: folder.path, poll_ms: 20, lane: way.lane };
        return (await directoryKind.create(config, testContext(), mapping)).source!;
      },
      put: (name, body) => place(name, way.write(name, 'json', JSON.stringify(body))),
      putInLane: (lane, name, body) => place(name, way.write(lane, 'json', JSON.stringify(body))),
      putWithMore: (name, body) => place(name, way.write(name, 'json', JSON.stringify(body), way.more)),
      putRenamed: (name) => place(name, way.write(name, 'other', '{}')),
      putPoison: (name) => place(name, way.poison),
      async state(name) {
        const has = async (path: string) => (await list(join(folder.path, path))).includes(`${name}.${format}`);
        if (await has('.')) return 'waiting';
        return (await has('done')) ? 'accepted' : (await has('failed')) ? 'refused' : 'waiting';
      },
      close: () => folder.remove(),
    };
  });
}

describe('a folder of the platform’s own documents', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ledger: Ledger;
  let adapter: Adapter | undefined;
  beforeEach(async () => {
    folder = await temporaryFolder();
    ledger = new Ledger();
  });
  afterEach(async () => {
    await adapter?.close();
    adapter = undefined;
    await folder.remove();
  });

  it('hands over the files that the mapping names, and no others', async () => {
    const files = [
      { name: '营业执照', from: 'scans/a.pdf' },
      { name: '外面', from: '../secret' },
    ];
    const mapping = plainMapping((document) => document, {
      in: async (document) => ({ ok: true, wishes: [{ do: 'open', body: document, files }] }),
    });
    let content = '';
    let outside: unknown;
    ledger.answers.push(async (submission, signal) => {
      const [inside, other] = filesOf(submission);
      content = await text(await inside!.open(signal));
      outside = await other!.open(signal).catch((error: unknown) => error);
      return ledger.accept(submission, signal);
    });
    await writeFile(join(folder.path, 'secret'), 's');
    await placeFolder(folder.path, 'a', { 'case.xml': '<Case/>', 'scans/a.pdf': '%PDF-' });
    await start(mapping);
    await appears('done', 'a');
    expect(content).toBe('%PDF-');
    expect(outside).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
  });

  it('has another key when a file changes, whether the mapping uses it or not', async () => {
    await start(asItIs);
    for (const content of ['one', 'two']) {
      await placeFolder(folder.path, 'a', { 'case.json': '{}', 'a.pdf': content });
      await vi.waitFor(async () => expect(await list(folder.path)).not.toContain('a'));
    }
    expect(ledger.cases.size).toBe(2);
  });

  it('takes GBK by declaration, and parks what does not say that it is GBK', async () => {
    const gbk = (content: string) => encodeText(content, 'gb18030');
    await placeFile(folder.path, 'a.xml', gbk('<?xml version="1.0" encoding="GBK"?><姓名>王小明</姓名>'));
    await placeFile(folder.path, 'b.xml', gbk('<姓名>王小明</姓名>'));
    await placeFile(folder.path, 'c.csv', gbk('姓名\n王小明\n'));
    await start(asItIs, { xml: {}, csv: {} });
    await appears('failed', 'c.csv');
    expect(ledger.calls.map(bodyOf)).toEqual([{ 姓名: '王小明' }, undefined, undefined]);
    for (const name of ['b.xml', 'c.csv']) {
      const { problems } = await report('failed', `${name}.error.json`);
      expect(problems).toEqual([{ pointer: '', code: 'ENCODING', message: expect.stringContaining('looks like GBK') }]);
    }
    expect(ledger.calls[1]).toMatchObject({ document: { unreadableFile: 'b.xml' }, problems: [{ code: 'ENCODING' }] });
  });

  it('takes tables in GBK, with other delimiters, line breaks in fields and a byte order mark', async () => {
    await placeFile(folder.path, 'a.csv', encodeText('编号;姓名\r\n1;"王\r\n小;明"\r\n\r\n2;\'\r\n', 'gb18030'));
    await start(asItIs, { csv: { delimiter: ';', encoding: 'gb18030' } });
    await appears('done', 'a.csv');
    await placeFile(folder.path, 'b.csv', '\uFEFF编号;姓名\n3;𠮷\n');
    await appears('done', 'b.csv');
    expect(ledger.calls.map(bodyOf)).toEqual([
      { 编号: '1', 姓名: '王\r\n小;明' },
      { 编号: '2', 姓名: "'" },
      { 编号: '3', 姓名: '𠮷' },
    ]);
  });

  it('reports every row, and keeps a table apart in which one was refused', async () => {
    const rows = ['n,refuse', '1,', '2,yes', '1,', 'x', '5,'];
    await placeFile(folder.path, 'a.csv', rows.join('\n'));
    const mapping = plainMapping((document) => {
      const { n, refuse } = document as Record<string, string>;
      return { n, refuse: refuse === 'yes' };
    });
    await start(mapping);
    await appears('failed', 'a.csv');
    const { accepted, refused, rows: told } = await report('failed', 'a.csv.error.json');
    expect([accepted, refused]).toEqual([2, 3]);
    expect(told.map((one: { row: number; code?: string }) => [one.row, one.code])).toEqual([
      [2, undefined],
      [3, 'VALIDATION_FAILED'],
      [4, 'VALIDATION_FAILED'],
      [5, 'VALIDATION_FAILED'],
      [6, undefined],
    ]);
    expect(told[1].problems).toContainEqual(expect.objectContaining({ pointer: '/item', code: 'REQUIRED' }));
    expect(told[2].problems).toEqual([{ pointer: '', code: 'DUPLICATE', message: 'row 4 is the same as row 2' }]);
    expect(told[3].problems).toEqual([{ pointer: '', code: 'FIELDS', message: expect.stringContaining('row 5') }]);
    expect(ledger.cases.size).toBe(2);
  });

  it('gives each row a key of the bytes and its number', async () => {
    const content = 'n\n1\n2\n';
    await placeFile(folder.path, 'a.csv', content);
    await start(asItIs);
    await appears('done', 'a.csv');
    await placeFile(folder.path, 'b.csv', content);
    await appears('done', 'b.csv');
    expect(ledger.calls).toHaveLength(4);
    expect(ledger.cases.size).toBe(2);
  });

  it('holds up only the case whose row has to be tried again', async () => {
    await placeFile(folder.path, 'a.csv', 'no,n\nA,1\nA,2\nB,3\n');
    await placeFile(folder.path, 'b.csv', 'no,n\nA,4\nC,5\n');
    let away = true;
    adapter = await create(asItIs, { lane: 'no', poll_ms: 20 });
    await adapter.source!.start(async (submission, signal) => {
      if (away && (bodyOf(submission) as { n: string }).n === '1') return tryAgain('INTERNAL');
      return ledger.submit(submission, signal);
    });
    await vi.waitFor(() => expect(order()).toEqual(['3', '5']));
    expect((await list(folder.path)).sort()).toEqual(['a.csv', 'b.csv']);
    away = false;
    await appears('done', 'b.csv');
    expect(order()).toEqual(['3', '5', '1', '2', '4']);
  });

  it.each([
    ['a column of another name', 'nr,n\n1,1\n', 'REQUIRED'],
    ['the same name twice', 'no,no\n1,1\n', 'DUPLICATE'],
    ['a column without a name', 'no,\n1,1\n', 'REQUIRED'],
    ['nothing', '', 'REQUIRED'],
    ['quotes that never end', 'no,n\n1,"1\n2,2\n', 'MALFORMED'],
    ['too many rows', `no,n\n${'1,1\n'.repeat(50_001)}`, 'TOO_MANY'],
  ])('takes no row of a table with %s', async (_, content, code) => {
    await placeFile(folder.path, 'a.csv', content);
    await start(asItIs, { lane: 'no' });
    await appears('failed', 'a.csv');
    expect(ledger.calls).toHaveLength(1);
    expect(ledger.calls[0]).toMatchObject({ wishes: [], problems: [{ code }] });
  });

  it('refuses a row of 100 MB within seconds and little memory', async () => {
    const path = join(folder.path, 'a.csv');
    const file = await open(`${path}.tmp`, 'w');
    await file.writeFile('no\n');
    await file.truncate(100 * 1024 * 1024);
    await file.close();
    await placeFile(folder.path, 'b.csv', 'no\n1\n');
    const before = process.memoryUsage().rss;
    const started = performance.now();
    await rename(`${path}.tmp`, path);
    await start(asItIs);
    await appears('done', 'b.csv');
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    expect((await report('failed', 'a.csv.error.json')).problems).toMatchObject([{ code: 'TOO_LARGE' }]);
  });

  it('understands a parked row anew, and says that a file that was never read has to come again', async () => {
    adapter = await create(asItIs);
    const again = (document: unknown) => adapter!.source!.again!('key', document);
    expect(await again({ n: '1' })).toMatchObject({ key: 'key', problems: [], wishes: [{ body: { n: '1' } }] });
    expect(await again({ unreadableFile: 'a.xml' })).toMatchObject({ wishes: [], problems: [{ code: 'FILE' }] });
  });

  it('says in done by its key what was taken after it had been refused, also twice', async () => {
    await placeFile(folder.path, '王小明.csv', 'no,n\nA,1\nB,\n');
    await start(plainMapping((document) => ((document as { n: string }).n ? document : fail())));
    await appears('failed', '王小明.csv');
    const { rows } = await report('failed', '王小明.csv.error.json');
    expect(rows).toMatchObject([
      { row: 2, caseNumber: expect.anything() },
      { row: 3, key: ledger.calls[1]!.key },
    ]);
    const [, { key }] = rows;
    const outcome = { ok: true, conversation: 'c-1', caseNumber: '150626-1' } as const;
    for (let time = 0; time < 2; time += 1) await adapter!.source!.told!(key, ledger.calls[1]!.document, outcome);
    expect(await list(join(folder.path, 'done'))).toEqual([`${key}.result.json`]);
    expect(await report('done', `${key}.result.json`)).toEqual({ key, conversation: 'c-1', caseNumber: '150626-1' });
    expect(await list(join(folder.path, 'failed'))).toContain('王小明.csv');
  });

  it('says that it cannot tell an outcome, without the name of a place', async () => {
    await start(asItIs);
    await writeFile(join(folder.path, 'done'), 'no folder');
    const outcome = { ok: true, conversation: 'c-1', caseNumber: '150626-1' } as const;
    const error = await adapter!.source!.told!('a'.repeat(64), {}, outcome).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    expect(String(error)).not.toContain(folder.path);
  });

  const asItIs = plainMapping((document) => document);

  async function create(mapping: Mapping, changes: object = {}): Promise<Adapter> {
    return directoryKind.create(
      { name: 'files', in: folder.path, poll_ms: NEVER_POLL, ...changes },
      testContext(),
      mapping,
    );
  }

  async function start(mapping: Mapping, changes: object = {}): Promise<void> {
    adapter = await create(mapping, changes);
    await adapter.source!.start(ledger.submit);
  }

  function order(): unknown[] {
    return [...ledger.cases.values()].map((one) => (bodyOf(one) as { n: string }).n);
  }

  function appears(where: string, name: string) {
    const seen = async () => expect(await list(join(folder.path, where))).toContain(name);
    return vi.waitFor(seen, { timeout: 10_000, interval: 10 });
  }

  async function report(where: string, name: string) {
    return JSON.parse(await readFile(join(folder.path, where, name), 'utf8'));
  }
});

describe('documents for the platform', () => {
  const { signal } = new AbortController();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const document = { 办件: { '@id': '1', 申请人: '王小明𠮷', 编号: 7 } };
  const deliver = async (write: object, given: unknown) => {
    const mapping = plainMapping((one) => one, { out: async () => ({ ok: true, documents: [given, given] }) });
    const adapter = await directoryKind.create({ name: 'files', out: folder.path, write }, testContext(), mapping);
    await adapter.sink!.deliver(testEvent(1), signal);
    await adapter.sink!.deliver(testEvent(1), signal);
    const names = await list(folder.path);
    expect(names).toHaveLength(2);
    return readFile(join(folder.path, names[0]!));
  };

  it('are XML in the encoding that was asked for', async () => {
    const content = await deliver({ format: 'xml', encoding: 'gb18030' }, document);
    expect(new TextDecoder('gb18030').decode(content)).toBe(
      '<?xml version="1.0" encoding="GB18030"?>\n<办件 id="1"><申请人>王小明𠮷</申请人><编号>7</编号></办件>',
    );
  });

  it('are tables', async () => {
    const content = await deliver({ format: 'csv', delimiter: 'tab' }, [
      { a: 'x"y', b: 1 },
      { a: null, b: true },
    ]);
    expect(content.toString()).toBe('"a"\t"b"\r\n"x""y"\t"1"\r\n""\t"true"\r\n');
  });

  it.each([
    [{ format: 'xml' }, { a: 1, b: '王小明' }],
    [{ format: 'csv' }, { a: { b: '王小明' } }],
    [{ format: 'csv' }, []],
  ])('are refused when they cannot be written so: %j', async (write, given) => {
    const error = await deliver(write, given).catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false });
    expect(String(error)).not.toContain('王小明');
    expect(await list(folder.path)).toEqual([]);
  });
});

function fail(): never {
  throw new Error('is required');
}

function list(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
