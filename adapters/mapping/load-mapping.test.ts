import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodedError, Problem } from '#proto';
import { NOW, testEvent } from '../testing/context.ts';
import type { FileMapping } from './file-mapping.ts';
import { loadMapping } from './load-mapping.ts';

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tongban-mapping-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(yaml: string): Promise<FileMapping> {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  await writeFile(file, yaml);
  return loadMapping(file, { now: () => NOW });
}

/** A mapping that opens a case with these fields, given as lines of YAML. */
const opening = (...fields: readonly string[]) =>
  load(
    `mapping: 1\ntables: { kind: { 1: person, 01: legal-person } }\nin:\n  - open:\n${fields.map((line) => `      ${line}\n`).join('')}`,
  );

async function bodyOf(mapping: FileMapping, record: unknown): Promise<unknown> {
  const mapped = await mapping.in(record);
  if (!mapped.ok) throw new Error(JSON.stringify(mapped.problems));
  return mapped.wishes[0]!.body;
}

async function problemsOf(mapping: FileMapping, record: unknown): Promise<readonly Problem[]> {
  const mapped = await mapping.in(record);
  return mapped.ok ? [] : mapped.problems;
}

async function faultsOf(yaml: string): Promise<readonly string[]> {
  const error = (await load(yaml).catch((thrown: unknown) => thrown)) as CodedError;
  expect(error.code).toBe('CONFIG_INVALID');
  return error.problems.map(({ pointer, code }) => `${pointer} ${code}`);
}

describe('a mapping file', () => {
  it('names everything that is wrong with its shape at once', async () => {
    const faults = await faultsOf('mapping: 2\nzone: Peking\nins: []\nout: [{ on: x, document: {}, wenn: y }]\n');
    expect(faults).toEqual(['/mapping FORMAT', '/zone FORMAT', '/out/0/wenn UNKNOWN_FIELD', '/ins UNKNOWN_FIELD']);
  });

  it('names everything that is wrong with its meaning at once', async () => {
    const faults = await faultsOf(`
mapping: 1
tables: { twice: { 1: a, 2: a } }
in:
  - { when: "STATUS = ", open: { a: B } }
  - { act: accept }
  - { ignore: x, act: accept, case: A }
  - open:
      a: $uppercaes(X)
      a.b: X
      a..c: X
      d: { from: X, value: 1 }
      e: { from: X, table: none }
      f: { from: X, date: dd.MM }
      g: { from: X, pattern: "(" }
    with: nobody
out:
  - { on: "*", document: { a: { from: b, table: twice } } }
  - { on: "*" }
`);
    expect(faults).toEqual([
      '/in/0/when EXPRESSION',
      '/in/1 REQUIRED',
      '/in/2 REQUIRED',
      '/in/3/open UNKNOWN_PART',
      '/in/3/open/a EXPRESSION',
      '/in/3/open/a.b CONFLICT',
      '/in/3/open/a..c TARGET',
      '/in/3/open/d REQUIRED',
      '/in/3/open/e/table UNKNOWN_TABLE',
      '/in/3/open/f/date FORMAT',
      '/in/3/open/g/pattern FORMAT',
      '/out/0/document/a/table AMBIGUOUS',
      '/out/1 REQUIRED',
    ]);
  });

  it('is refused by line and column when it is no YAML, and has no aliases', async () => {
    await expect(load('mapping: 1\nin: [\n')).rejects.toThrow(/line \d+, column \d+/);
    await expect(load('mapping: 1\nparts: { a: &x { b: C } , c: *x }\n')).rejects.toThrow('aliases');
    await expect(loadMapping(join(folder, 'absent.yaml'), { now: () => NOW })).rejects.toThrow('ENOENT');
  });
});

describe('a record', () => {
  it('becomes a body, field by field', async () => {
    const mapping = await opening(
      'applicant.name: NAME',
      'applicant.kind: { from: KIND, table: kind }',
      '/form/a.b: LIST.X[0]',
      'form.fixed: { value: agency }',
      'form.since: { from: SINCE, date: yyyyMMdd }',
      'form.day: { from: SINCE, date: { pattern: yyyyMMdd, as: yyyy-MM-dd } }',
      'form.phone: { from: PHONE, type: text }',
      'form.none: NONE',
      'form.else: { from: EMPTY, default: 无 }',
      'items: { each: LIST, fields: { x: X, of: $record.NAME } }',
    );
    const record = { NAME: '示例', KIND: '01', LIST: { X: 'one' }, SINCE: '20261122', PHONE: 13800000000, EMPTY: '' };
    expect(await bodyOf(mapping, record)).toEqual({
      applicant: { name: '示例', kind: 'legal-person' },
      form: {
        'a.b': 'one',
        fixed: 'agency',
        since: Date.parse('2026-11-22T00:00:00+08:00'),
        day: '2026-11-22',
        phone: '13800000000',
        else: '无',
      },
      items: [{ x: 'one', of: '示例' }],
    });
  });

  it('has every problem named at once, with the place and the source, and never a value', async () => {
    const mapping = await opening(
      'a: { from: A, required: true }',
      'b: { from: B, table: kind }',
      'c: { from: C, date: common }',
      'd: { from: D, date: { pattern: common, ahead: 10m } }',
      'e: { from: E, type: integer }',
      'f: { from: F, max: 3 }',
      'g: { from: G, pattern: "\\\\d+" }',
      'h: $number(H)',
      'i: { each: I, fields: { x: { from: X, required: true } } }',
      'j: { from: J, type: text }',
      'k: { from: K, type: boolean }',
    );
    const secret = '秘密王小明';
    const future = '2026-11-22 16:41:00';
    const record = {
      A: ' '.repeat(0),
      B: secret,
      C: secret,
      D: future,
      E: secret,
      F: secret,
      G: secret,
      H: secret,
      I: [{ X: 1 }, {}],
    };
    const problems = await problemsOf(mapping, { ...record, J: 110105194912310020, K: secret });
    expect(problems.map(({ pointer, code }) => `${pointer.replace('/wishes/0/body', '')} ${code}`)).toEqual([
      '/a REQUIRED',
      '/b UNKNOWN_CODE',
      '/c DATE',
      '/d CLOCK',
      '/e TYPE',
      '/f TOO_LONG',
      '/h EXPRESSION',
      '/i/1/x REQUIRED',
      '/j TYPE',
      '/k TYPE',
      '/g FORMAT',
    ]);
    expect(JSON.stringify(problems)).not.toContain('王');
    for (const { pointer, message } of problems) expect(message).toContain(pointer.split('/').at(-1)!.toUpperCase());
  });

  it('is taken by the first rule that is about it; without one it has a problem', async () => {
    const mapping = await load(`
mapping: 1
in:
  - { when: "S = '1'", ignore: 测试 }
  - { name: second, when: "S in ['1', '2']", case: NO, act: accept }
  - { when: "$contains(S, '3')", case: { number: N, reference: NO }, note: paper-sent, data: '{ "carrier": C }' }
`);
    expect(await mapping.in({ S: '1' })).toEqual({ ok: true, wishes: [] });
    expect(await mapping.explain({ S: '1' })).toMatchObject({ rule: { index: 0 }, ignored: '测试', problems: [] });
    expect(await mapping.in({ S: '2', NO: 7 })).toEqual({
      ok: true,
      wishes: [{ do: 'act', case: { reference: '7' }, act: 'accept', data: {}, files: [] }],
    });
    expect(await mapping.in({ S: '3', NO: 'A7', C: 'EMS' })).toEqual({
      ok: true,
      wishes: [{ do: 'note', case: { reference: 'A7' }, note: 'paper-sent', data: { carrier: 'EMS' } }],
    });
    expect(await problemsOf(mapping, { S: '4' })).toMatchObject([{ pointer: '', code: 'NO_RULE' }]);
    expect(await problemsOf(mapping, { S: '2' })).toMatchObject([{ pointer: '/wishes/0/case', code: 'REQUIRED' }]);
    // Nobody knows then whether a later rule is the one.
    expect(await problemsOf(mapping, { S: 4 })).toMatchObject([{ pointer: '/in/2/when', code: 'EXPRESSION' }]);
    for (const record of [null, 'text', 7, [], [[]]]) expect(await problemsOf(mapping, record)).toHaveLength(1);
  });

  it('makes several wishes in order, each with its condition, and takes over case and parts of the rule', async () => {
    const mapping = await load(`
mapping: 1
parts: { clerk: { handler.staff: USER, handler.window: W } }
in:
  - case: NO
    with: clerk
    do:
      - { act: approve, data: { explanation: X, handler.window: { value: '9' } } }
      - { when: $exists(CERT), act: issue, data: { number: CERT }, files: [{ name: { value: 证照 }, from: PATH }] }
      - { when: false, act: deliver }
`);
    const handler = { staff: 'u' };
    expect(await mapping.in({ NO: 'A', USER: 'u', X: 'x', W: '1', CERT: 'c' })).toEqual({
      ok: true,
      wishes: [
        {
          do: 'act',
          case: { reference: 'A' },
          act: 'approve',
          data: { handler: { ...handler, window: '9' }, explanation: 'x' },
          files: [],
        },
        {
          do: 'act',
          case: { reference: 'A' },
          act: 'issue',
          data: { handler: { ...handler, window: '1' }, number: 'c' },
          files: [],
        },
      ],
    });
    const only = await mapping.explain({ NO: 'A', USER: 'u', X: 'x' });
    expect(only.wishes.map(({ act }) => act)).toEqual(['approve']);
    expect(only.sourceOf(0, '/handler/staff')).toBe('USER');
    expect(only.sourceOf(0, '/explanation')).toBe('X');
    expect(only.sourceOf(0, '/legalBasis')).toBeUndefined();
  });

  it('with a regular expression that never ends is a problem, and the next record is fine', async () => {
    const mapping = await opening('a: { from: A, pattern: "(a+)+" }', 'b: $match(A, /b(a+)+$/).match');
    const started = performance.now();
    expect(await problemsOf(mapping, { A: `${'a'.repeat(60)}!` })).toMatchObject([{ pointer: '', code: 'TIME' }]);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await bodyOf(mapping, { A: 'aaa' })).toEqual({ a: 'aaa' });
  });

  it('keeps files that have a place, and demands a name of them', async () => {
    const mapping = await load(`
mapping: 1
in:
  - open: {}
    files:
      - { name: { value: 营业执照 }, from: LICENCE }
      - { each: FILES, name: N, from: P, media_type: M }
`);
    const mapped = await mapping.in({ FILES: [{ N: 'a', P: '/a', M: 'image/png' }, { N: 'b' }] });
    expect(mapped).toMatchObject({ wishes: [{ files: [{ name: 'a', from: '/a', mediaType: 'image/png' }] }] });
    expect(await problemsOf(mapping, { LICENCE: '/x', FILES: { P: '/b' } })).toMatchObject([
      { pointer: '/wishes/0/files/1/name', code: 'REQUIRED' },
    ]);
  });

  it('reads files that are within it, and says of what is no base64 where it is, never what', async () => {
    const mapping = await load('mapping: 1\nin: [{ open: {}, files: [{ each: F, name: N, content: C }] }]\n');
    const good = { N: 'a.pdf', C: Buffer.from('%PDF').toString('base64') };
    const mapped = await mapping.in({ F: [good, { N: 'b' }, { N: 'c', C: '' }] });
    expect(mapped).toEqual({
      ok: true,
      wishes: [{ do: 'open', body: {}, files: [{ name: 'a.pdf', content: Buffer.from('%PDF') }] }],
    });
    const bad = ['证照', 'JVBERg=', 'JVBE RG==', 'data:image/png,JVBERg==', '=='].map((C) => ({ N: 'x', C }));
    const problems = await problemsOf(mapping, { F: bad });
    expect(problems.map(({ pointer, code }) => [pointer, code])).toEqual(
      bad.map((_, index) => [`/wishes/0/files/${index}/content`, 'FORMAT']),
    );
    expect(JSON.stringify(problems)).not.toMatch(/证照|JVBE/);
  });

  it.each(['name: N', 'name: N, from: P, content: C'])('has files either there or here, not: %s', async (file) => {
    const refused = load(`mapping: 1\nin: [{ open: {}, files: [{ ${file} }] }]\n`);
    await expect(refused).rejects.toMatchObject({ problems: [{ pointer: '/in/0/files/0', code: 'REQUIRED' }] });
  });
});

describe('an event', () => {
  const YAML = `
mapping: 1
tables: { kind: { 1: person, 2: legal-person } }
out:
  - { on: cn.tongban.case.transferred.v1, when: "event.data.item = 'none'", ignore: 不涉及 }
  - on: [cn.tongban.case.transferred.v1, cn.tongban.joint-case.*]
    reads: case
    documents:
      - document: { NO: case.number, KIND: { from: case.kind, table: kind }, AT: { from: event.time, date: yyyyMMddHHmmss } }
      - { when: $exists(case.extra), document: '{ "EXTRA": case.extra }' }
  - { on: cn.tongban.inquiry.*, document: { ID: event.id } }
`;

  it('concerns the platform when a rule says so, with the case where it is read', async () => {
    const mapping = await load(YAML);
    const wanted = [
      'cn.tongban.case.transferred.v1',
      'cn.tongban.joint-case.part.v1',
      'cn.tongban.inquiry.asked.v1',
      'cn.tongban.case.accept.v1',
    ];
    expect(wanted.map((type) => mapping.wants(type))).toEqual(['case', 'case', 'event', 'no']);
    expect(mapping.answer).toBeUndefined();
  });

  it('becomes documents in order, tables and dates backwards', async () => {
    const mapping = await load(YAML);
    const found = { number: 'N1', kind: 'legal-person', extra: ['x'] };
    expect(await mapping.out(testEvent(1), found)).toEqual({
      ok: true,
      documents: [{ NO: 'N1', KIND: '2', AT: '20261122163000' }, { EXTRA: ['x'] }],
    });
    expect(await mapping.out(testEvent(1, { data: { item: 'none' } }), found)).toEqual({ ok: true, documents: [] });
    expect(await mapping.out(testEvent(1), { kind: '机构' })).toMatchObject({
      ok: false,
      problems: [{ pointer: '/documents/0/KIND', code: 'UNKNOWN_WORD', message: expect.not.stringContaining('机构') }],
    });
  });
});

describe('an answer', () => {
  it('is judged; what cannot be judged is refused, for a person to see', async () => {
    const mapping = await load(
      'mapping: 1\nanswer: { taken: code = 0, retry: "code in [500]", reference: no, reason: message }\n',
    );
    const judge = mapping.answer!;
    expect(await judge({ code: 0, no: 7 })).toEqual({ verdict: 'taken', reference: '7' });
    expect(await judge({ code: 500, message: 'BUSY' })).toEqual({ verdict: 'retry', reason: 'BUSY' });
    expect(await judge({ code: 1, message: '王小明 不存在' })).toEqual({ verdict: 'refuse' });
    for (const strange of [undefined, null, 'text', []]) expect((await judge(strange)).verdict).toBe('refuse');
    const wrong = await load('mapping: 1\nanswer: { taken: $uppercase(code) }\n');
    expect(await wrong.answer!({ code: 5 })).toEqual({ verdict: 'refuse', reason: 'ANSWER_UNREADABLE' });
  });
});
