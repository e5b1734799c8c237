import { type Command, Option } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { openBlob, readJson } from '../files.ts';
import { chinaTime, nextPage, pairs, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Label {
  readonly zh: string;
  readonly en: string;
}

interface JointPart {
  readonly part: string;
  readonly region: string;
  readonly item: string;
  readonly after: readonly string[];
  readonly stateLabel: Label;
  readonly code: string;
  readonly conversation: string;
  readonly case?: { readonly number: string; readonly state: string };
}

/** A joint case, or the case of a bundle. */
interface JointCase {
  readonly conversation: string;
  readonly number: string;
  readonly name: string;
  readonly agreement?: string;
  readonly bundle?: { readonly code: string; readonly version: number };
  readonly stateLabel: Label;
  readonly parts: readonly JointPart[];
  readonly fall?: { readonly part: string };
  readonly limit?: { readonly workingDays: number; readonly dueAt: number; readonly isLate: boolean };
  readonly handOver?: {
    readonly results: readonly { readonly part: string; readonly outcome: string; readonly delivered: boolean }[];
  };
  readonly updatedAt: number;
}

interface AddOptions extends GatewayOptions {
  readonly name: string;
  readonly mediaType: string;
  readonly grade?: string;
}

/** What the commands of one kind of whole are called. */
interface Wording {
  readonly path: string;
  /** Name of the list in the gateway's answer. */
  readonly list: string;
  readonly zh: string;
  readonly en: string;
  readonly plural: string;
}

const JOINT: Wording = {
  ...{ path: '/v1/joint-cases', list: 'jointCases' },
  ...{ zh: '联办件', en: 'joint case', plural: 'joint cases' },
};
const BUNDLE: Wording = {
  ...{ path: '/v1/bundle-cases', list: 'bundleCases' },
  ...{ zh: '一件事办件', en: 'case of a bundle', plural: 'cases of bundles' },
};

const DATA = "动作的内容:文件、'-' 或 JSON / its data: a file, '-' or JSON itself";

/** `tongban case joint`: one application whose parts several regions decide, at the lead region. */
export function defineJoint(command: Command, cli: Cli): void {
  const joint = command.command('joint').description('联办件(多地联办) / joint cases, at the lead region');
  defineWhole(joint, cli, JOINT);
}

/** `tongban case bundle`: one application for several items of our departments. */
export function defineBundleCase(command: Command, cli: Cli): void {
  const bundle = command.command('bundle').description('一件事办件 / cases of our bundles');
  defineWhole(bundle, cli, BUNDLE);
}

function defineWhole(command: Command, cli: Cli, wording: Wording): void {
  defineTaking(command, cli, wording);
  defineActs(command, cli, wording);
  defineReading(command, cli, wording);
}

function defineTaking(command: Command, cli: Cli, { path: url, zh, en }: Wording): void {
  const key = `${zh}编号或会话标识 / number or conversation of the ${en}`;
  const open = command.command('open').description(`登记${zh} / open a ${en}`);
  open.argument('<file>', `${zh} JSON,'-' 为标准输入 / the ${en} as JSON, '-' for the standard input`);
  handle<GatewayOptions>(gatewayOption(open), cli, async ({ gateway }, file) => {
    const input = await readJson(file!, `the ${en}`, cli.stdin);
    return answer(await (await connect(gateway, cli)).post<JointCase>(url, input));
  });

  const add = command
    .command('add')
    .description('添加材料,各分项按需取用 / add a file; parts get what their items ask for');
  add.argument('<key>', key).argument('<file>', '文件 / file, at most 200 MiB');
  add.requiredOption('--name <name>', '材料名称(按事项目录或材料清单) / name of the material as the list has it');
  add.option('--media-type <type>', '媒体类型 / media type', 'application/octet-stream');
  add.addOption(new Option('--grade <grade>', '材料等级,默认 C / grade of the material').choices(['C', 'D']));
  handle<AddOptions>(gatewayOption(add), cli, async ({ gateway, name, mediaType, grade }, whole, file) => {
    const bytes = await openBlob(file!);
    const client = await connect(gateway, cli);
    const target = `${url}${path`/${whole!}/materials`}`;
    const json = await client.upload<{ name: string; digest: string }>(target, { name, grade }, mediaType, bytes);
    return {
      json,
      text: pairs([
        ['材料 Material', json.name],
        ['摘要 Digest', json.digest],
      ]),
    };
  });

  const check = command.command('check').description('登记已核对原件 / record that the original was compared');
  check.argument('<key>', key).argument('<digest>', '材料摘要(十六进制) / digest of the material, hex');
  check.requiredOption('--handler <json>', "经办人:文件、'-' 或 JSON / handler: a file, '-' or JSON itself");
  handle<GatewayOptions & { handler: string }>(gatewayOption(check), cli, async (options, whole, digest) => {
    const handler = await readJson(options.handler, '--handler', cli.stdin);
    const client = await connect(options.gateway, cli);
    const target = `${url}${path`/${whole!}/materials/${digest!}/check`}`;
    const json = await client.post<{ name: string; grade: string }>(target, { handler });
    return {
      json,
      text: pairs([
        ['材料 Material', json.name],
        ['等级 Grade', json.grade],
      ]),
    };
  });
}

function defineActs(command: Command, cli: Cli, { path: url, zh, en }: Wording): void {
  const key = `${zh}编号或会话标识 / number or conversation of the ${en}`;
  for (const [act, description] of [
    ['submit', '提交,开始办理 / submit: its parts begin'],
    ['hand-over', '统一出件 / hand all results over at once'],
    ['withdraw', '撤回 / withdraw'],
  ] as const) {
    const acting = command.command(act).description(description);
    acting.argument('<key>', key).requiredOption('--data <json>', DATA);
    handle<GatewayOptions & { data: string }>(gatewayOption(acting), cli, async ({ gateway, data }, whole) => {
      const body = { act, data: await readJson(data, '--data', cli.stdin) };
      const client = await connect(gateway, cli);
      return answer(await client.post<JointCase>(`${url}${path`/${whole!}/acts`}`, body));
    });
  }

  const erase = command
    .command('erase')
    .description('删除整体及各分项的个人信息 / erase what is personal in it and in its parts');
  erase.argument('<key>', key).requiredOption('--data <json>', DATA);
  handle<GatewayOptions & { data: string }>(gatewayOption(erase), cli, async ({ gateway, data }, whole) => {
    const body = await readJson(data, '--data', cli.stdin);
    const client = await connect(gateway, cli);
    return answer(await client.post<JointCase>(`${url}${path`/${whole!}/erasure`}`, body));
  });
}

function defineReading(command: Command, cli: Cli, { path: url, list: name, zh, en, plural }: Wording): void {
  const key = `${zh}编号或会话标识 / number or conversation of the ${en}`;

  const show = command.command('show').description(`查看${zh}及各分项 / show a ${en} with its parts`);
  show.argument('<key>', key);
  handle<GatewayOptions>(gatewayOption(show), cli, async ({ gateway }, whole) =>
    answer(await (await connect(gateway, cli)).get<JointCase>(`${url}${path`/${whole!}`}`)),
  );

  const list = command.command('list').description(`列出${zh} / list ${plural}`);
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<Readonly<Record<string, JointCase[]>> & { next?: string }>(url, { limit, cursor });
    return { json, text: listed(json[name] ?? [], `没有${zh} / there is no ${en}`) + nextPage(json.next) };
  });
}

function answer(joint: JointCase): Answer {
  return { json: joint, text: `${summary(joint)}\n${partsTable(joint)}` };
}

function summary({ number, name, agreement, bundle, stateLabel, fall, limit, updatedAt }: JointCase): string {
  const late = limit?.isLate ? ' 逾期 late' : '';
  return pairs([
    ['编号 Number', number],
    ['一件事 Name', name],
    ['协议 Agreement', agreement],
    ['代码 Code', bundle && `${bundle.code} · ${bundle.version}`],
    ['状态 State', words(stateLabel)],
    ['因何终止 Fell with', fall?.part],
    ['总时限 Limit', limit && `${limit.workingDays} · ${chinaTime(limit.dueAt)}${late}`],
    ['更新 Updated', chinaTime(updatedAt)],
  ]);
}

function partsTable({ parts, handOver }: JointCase): string {
  const results = new Map(handOver?.results.map((result) => [result.part, result]));
  return table(
    ['分项 Part', '地区 Region', '事项 Item', '前置 After', '状态 State', '办件 Case', '送达 Delivered', '代码 Code'],
    parts.map(({ part, region, item, after, stateLabel, case: file, code }) => [
      part,
      region,
      item,
      after.join(', '),
      words(stateLabel),
      file && `${file.number} ${file.state}`,
      results.get(part)?.delivered ? '是 yes' : '',
      code,
    ]),
    '没有分项 / there is no part',
  );
}

function listed(jointCases: readonly JointCase[], none: string): string {
  return table(
    ['编号 Number', '一件事 Name', '状态 State', '到期 Due', '更新 Updated'],
    jointCases.map(({ number, name, stateLabel, limit, updatedAt }) => [
      number,
      name,
      words(stateLabel),
      chinaTime(limit?.dueAt),
      chinaTime(updatedAt),
    ]),
    none,
  );
}

function words({ zh, en }: Label): string {
  return `${zh} ${en}`;
}
