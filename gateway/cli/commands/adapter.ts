import { readFile, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { type MappedMaterial, type MappedOut, readSample, replaceStandIns } from '#adapters';
import { CodedError } from '#proto';
import { type CheckedRecord, checkRecord } from '../adapter/check-record.ts';
import { findMapping } from '../adapter/mapping-source.ts';
import { sampleEvent } from '../adapter/sample-event.ts';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { fileError, readJson } from '../files.ts';
import { humanSize, pairs, plain, table } from '../format.ts';

interface CheckOptions extends CommonOptions {
  readonly sample: string;
  readonly platform?: string;
}

interface DryRunOptions extends CommonOptions {
  readonly event: string;
  readonly platform?: string;
  readonly case?: string;
  readonly data?: string;
  readonly answer?: string;
}

const SAMPLE_BYTES = 64 * 1024 * 1024;
/** Region in whose name an event is made up where no gateway says one. */
const SOME_REGION = '150626';
const CONFIG = "映射文件,或网关目录、gateway.yaml / a mapping file, or a gateway's folder or gateway.yaml";
const PLATFORM = '网关的哪个平台 / which platform of the gateway';

/** `tongban adapter`: tries a mapping without any platform or gateway. */
export function define(command: Command, cli: Cli): void {
  defineCheck(command, cli);
  defineDryRun(command, cli);
}

function defineCheck(command: Command, cli: Cli): void {
  const check = command.command('check').description('用样例记录检查映射 / show what sample records come to');
  check.argument('<config>', CONFIG);
  check
    .requiredOption('--sample <file>', '样例:.json、.xml、.csv / records of the platform')
    .option('--platform <name>', PLATFORM);
  handle<CheckOptions>(check, cli, async ({ sample, platform: name }, config) => {
    const { mapping, platform } = await findMapping(config!, name, cli.clock);
    const found = await readSample(await bytesOf(sample), sample, platform);
    const records: CheckedRecord[] = [];
    for (const [index, record] of found.entries()) records.push(await checkRecord(mapping, record, index + 1));
    const wrong = records.filter(({ problems }) => problems.length > 0).length;
    const total = `${records.length} 条记录,${wrong} 条有问题 / ${records.length} records, ${wrong} with problems\n`;
    const text = `${records.map(recordText).join('\n')}\n${total}`;
    return { json: { total: records.length, wrong, records }, text, exit: wrong > 0 ? 1 : 0 };
  });
}

function defineDryRun(command: Command, cli: Cli): void {
  const dryRun = command.command('dry-run').description('显示将发给平台的内容,不发送 / show what would be sent');
  dryRun.argument('<config>', CONFIG);
  dryRun
    .requiredOption('--event <type>', '事件类型 / type of the event, such as cn.tongban.case.accept.v1')
    .option('--platform <name>', PLATFORM)
    .option('--case <file>', '办件全文(GET /v1/cases/:key) / the case in full, as JSON')
    .option('--data <file>', '事件内容,默认由办件拟制 / data of the event, else made up from the case')
    .option('--answer <file>', '平台的应答,看如何判定 / an answer of the platform, to see how it is judged');
  handle<DryRunOptions>(dryRun, cli, async (options, config) => {
    const { mapping, region = SOME_REGION } = await findMapping(config!, options.platform, cli.clock);
    const object = (source: string | undefined, what: string) => readObject(source, what, cli);
    const [found, data] = [await object(options.case, 'the case'), await object(options.data, 'the data')];
    const event = sampleEvent({ type: options.event, region, found, data, now: cli.clock.now() });
    const wanted = mapping.wants(event.type);
    if (wanted === 'no')
      return {
        json: { event, wanted, documents: [] },
        text: '映射不涉及此事件 / the mapping is not about this event\n',
      };
    const mapped = await mapping.out(event, wanted === 'case' ? found : undefined);
    const json = { event, wanted, ...(mapped.ok ? shownDocuments(mapped) : { problems: mapped.problems }) };
    const notes =
      wanted === 'case' && !found ? ['此规则要读办件,请给出 --case / these rules read the case: give --case'] : [];
    if (!mapped.ok) return { json, text: problemTable(mapped.problems), notes, exit: 1 };
    const judged = await judge(mapping.answer, options.answer, cli);
    const none = '不发送任何内容 / nothing is sent\n';
    const { documents, files } = shownDocuments(mapped);
    const text = documents.map((one, index) => `${lines(one)}\n${fileTable(files?.[index])}`).join('\n') || none;
    return { json: { ...json, ...judged.json }, text: text + judged.text, notes };
  });
}

async function judge(
  answer: ((response: unknown) => Promise<object>) | undefined,
  file: string | undefined,
  cli: Cli,
): Promise<{ readonly json: object; readonly text: string }> {
  if (file === undefined) return { json: {}, text: '' };
  if (!answer) throw new CodedError('VALIDATION_FAILED', 'the mapping says nothing about answers');
  const judged = await answer(await readJson(file, 'the answer', cli.stdin));
  return { json: { answer: judged }, text: pairs(Object.entries(judged)) };
}

async function readObject(source: string | undefined, what: string, cli: Cli) {
  if (source === undefined) return undefined;
  const value = await readJson(source, what, cli.stdin);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CodedError('VALIDATION_FAILED', `${what} must be a JSON object`);
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > SAMPLE_BYTES) throw new CodedError('VALIDATION_FAILED', `${file} is larger than ${SAMPLE_BYTES} bytes`);
    return await readFile(file);
  } catch (error) {
    throw error instanceof CodedError ? error : fileError('read', file, error);
  }
}

function recordText({ record, row, rule, name, ignored, wishes, problems }: CheckedRecord): string {
  const place = row === undefined ? `${record}` : `${record} (行 / row ${row})`;
  const by =
    rule === undefined ? '无规则 / no rule' : `规则 / rule ${rule}${name === undefined ? '' : ` ${plain(name)}`}`;
  const why = ignored === undefined ? '' : `忽略 / ignored: ${plain(ignored)}\n`;
  const shown = wishes.map((wish) => `${lines(wish)}\n`).join('');
  return `记录 / record ${place}: ${by}\n${why}${shown}${problems.length > 0 ? problemTable(problems) : ''}`;
}

function problemTable(problems: CheckedRecord['problems']): string {
  const headers = ['字段 / field', '来源 / from', '代码 / code', '问题 / problem'];
  const rows = problems.map(({ pointer, from, code, message }) => [pointer || '/', from, code, message]);
  return table(headers, rows, '没有问题 / no problem');
}

/** The materials that go out with a document, by the names that the platform sees. */
/** Documents as people can read them: what stands where a file belongs says so. */
function shownDocuments({ documents, files }: Extract<MappedOut, { ok: true }>) {
  const all = files?.flat() ?? [];
  const texts = all.flatMap(({ file, content, reference }): [string, string][] => [
    [content, `‹${file}:base64›`],
    [reference, `‹${file}:平台的编号 its name at the platform›`],
  ]);
  const shown = replaceStandIns(documents, new Map(texts)) as readonly unknown[];
  return { documents: shown, ...(files && { files: files.map((some) => some.map(withoutStandIns)) }) };
}

function withoutStandIns({ content: _, reference: __, ...file }: MappedMaterial) {
  return file;
}

function fileTable(files: readonly { readonly file: string; readonly size: number }[] = []): string {
  if (files.length === 0) return '';
  return table(
    ['随件文件 / file', '大小 / size'],
    files.map(({ file, size }) => [file, humanSize(size)]),
    '',
  );
}

/** JSON in lines, none of which can do anything to a terminal. */
function lines(value: unknown): string {
  return (JSON.stringify(value, undefined, 2) ?? '').split('\n').map(indented).join('\n');
}

function indented(line: string): string {
  const text = line.trimStart();
  return ' '.repeat(line.length - text.length) + plain(text);
}
