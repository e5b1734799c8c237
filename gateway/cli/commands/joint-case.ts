import { openAsBlob } from 'node:fs';
import { type Command, Option } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { fileError, readJson } from '../files.ts';
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

interface JointCase {
  readonly conversation: string;
  readonly number: string;
  readonly name: string;
  readonly agreement: string;
  readonly stateLabel: Label;
  readonly parts: readonly JointPart[];
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

const KEY = '联办件编号或会话标识 / number or conversation of the joint case';
const DATA = "动作的内容:文件、'-' 或 JSON / its data: a file, '-' or JSON itself";

/** `tongban case joint`: one application whose parts several regions decide, at the lead region. */
export function defineJoint(command: Command, cli: Cli): void {
  const joint = command.command('joint').description('联办件(多地联办) / joint cases, at the lead region');

  const open = joint.command('open').description('登记联办件 / open a joint case');
  open.argument('<file>', "联办件 JSON,'-' 为标准输入 / the joint case as JSON, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(open), cli, async ({ gateway }, file) => {
    const input = await readJson(file!, 'the joint case', cli.stdin);
    return answer(await (await connect(gateway, cli.clock)).post<JointCase>('/v1/joint-cases', input));
  });

  const add = joint
    .command('add')
    .description('添加材料,各分项按需取用 / add a file; parts get what their items ask for');
  add.argument('<key>', KEY).argument('<file>', '文件 / file, at most 200 MiB');
  add.requiredOption('--name <name>', '材料名称(按事项目录) / name of the material as the catalogue has it');
  add.option('--media-type <type>', '媒体类型 / media type', 'application/octet-stream');
  add.addOption(new Option('--grade <grade>', '材料等级,默认 C / grade of the material').choices(['C', 'D']));
  handle<AddOptions>(gatewayOption(add), cli, async ({ gateway, name, mediaType, grade }, key, file) => {
    const bytes = await openAsBlob(file!).catch((error) => Promise.reject(fileError('read', file!, error)));
    const url = path`/v1/joint-cases/${key!}/materials`;
    const client = await connect(gateway, cli.clock);
    const json = await client.upload<{ name: string; digest: string }>(url, { name, grade }, mediaType, bytes);
    return {
      json,
      text: pairs([
        ['材料 Material', json.name],
        ['摘要 Digest', json.digest],
      ]),
    };
  });

  const check = joint.command('check').description('登记已核对原件 / record that the original was compared');
  check.argument('<key>', KEY).argument('<digest>', '材料摘要(十六进制) / digest of the material, hex');
  check.requiredOption('--handler <json>', "经办人:文件、'-' 或 JSON / handler: a file, '-' or JSON itself");
  handle<GatewayOptions & { handler: string }>(gatewayOption(check), cli, async (options, key, digest) => {
    const handler = await readJson(options.handler, '--handler', cli.stdin);
    const client = await connect(options.gateway, cli.clock);
    const url = path`/v1/joint-cases/${key!}/materials/${digest!}/check`;
    const json = await client.post<{ name: string; grade: string }>(url, { handler });
    return {
      json,
      text: pairs([
        ['材料 Material', json.name],
        ['等级 Grade', json.grade],
      ]),
    };
  });

  for (const [act, description] of [
    ['submit', '提交,开始办理 / submit: its parts begin'],
    ['hand-over', '统一出件 / hand all results over at once'],
    ['withdraw', '撤回 / withdraw'],
  ] as const) {
    const acting = joint.command(act).description(description);
    acting.argument('<key>', KEY).requiredOption('--data <json>', DATA);
    handle<GatewayOptions & { data: string }>(gatewayOption(acting), cli, async ({ gateway, data }, key) => {
      const body = { act, data: await readJson(data, '--data', cli.stdin) };
      const client = await connect(gateway, cli.clock);
      return answer(await client.post<JointCase>(path`/v1/joint-cases/${key!}/acts`, body));
    });
  }

  const show = joint.command('show').description('查看联办件及各分项 / show a joint case with its parts');
  show.argument('<key>', KEY);
  handle<GatewayOptions>(gatewayOption(show), cli, async ({ gateway }, key) =>
    answer(await (await connect(gateway, cli.clock)).get<JointCase>(path`/v1/joint-cases/${key!}`)),
  );

  const list = joint.command('list').description('列出联办件 / list joint cases');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli.clock);
    const json = await client.get<{ jointCases: JointCase[]; next?: string }>('/v1/joint-cases', { limit, cursor });
    return { json, text: listed(json.jointCases) + nextPage(json.next) };
  });
}

function answer(joint: JointCase): Answer {
  return { json: joint, text: `${summary(joint)}\n${partsTable(joint)}` };
}

function summary({ number, name, agreement, stateLabel, limit, updatedAt }: JointCase): string {
  const late = limit?.isLate ? ' 逾期 late' : '';
  return pairs([
    ['编号 Number', number],
    ['一件事 Name', name],
    ['协议 Agreement', agreement],
    ['状态 State', words(stateLabel)],
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

function listed(jointCases: readonly JointCase[]): string {
  return table(
    ['编号 Number', '一件事 Name', '状态 State', '到期 Due', '更新 Updated'],
    jointCases.map(({ number, name, stateLabel, limit, updatedAt }) => [
      number,
      name,
      words(stateLabel),
      chinaTime(limit?.dueAt),
      chinaTime(updatedAt),
    ]),
    '没有联办件 / there is no joint case',
  );
}

function words({ zh, en }: Label): string {
  return `${zh} ${en}`;
}
