import { resolve } from 'node:path';
import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { readJson, readText, writeText } from '../files.ts';
import { chinaTime, nextPage, pairs, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Part {
  readonly id: string;
  readonly region: string;
  readonly department: { readonly name: string };
  readonly item: string;
  readonly after: readonly string[];
  readonly working_days: number;
}

interface Joint {
  readonly id: string;
  readonly lead: string;
  readonly state: string;
  readonly digest: string;
  readonly code: string;
  readonly failedBy: string;
  readonly content: { readonly name: string; readonly sign_by: string; readonly parts: readonly Part[] };
  readonly stages: readonly (readonly string[])[];
  readonly parties: readonly {
    readonly region: string;
    readonly pinned: boolean;
    readonly signedAt?: number;
    readonly acknowledgedAt?: number;
  }[];
  readonly advice: readonly { readonly message: string }[];
  readonly ending?: { readonly kind: string; readonly by: string; readonly forCause: boolean; readonly reason: string };
  readonly document: string;
  readonly updatedAt: number;
}

interface JointPage {
  readonly agreements: readonly Omit<Joint, 'document'>[];
  readonly next?: string;
}

type ReasonOptions = GatewayOptions & { readonly reason: string };

const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** `tongban joint`: what three or more regions agree to handle together. */
export function define(command: Command, cli: Cli): void {
  defineActs(command, cli);

  const list = command.command('list').description('列出联办协议 / list them');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<JointPage>('/v1/joint-agreements', { limit, cursor });
    return { json, text: jointTable(json.agreements) + nextPage(json.next) };
  });

  const one = command.command('show').description('查看联办协议 / show one with its parts and parties');
  one.argument('<id>', '协议编号 / its id').option('--out <file>', '签名文件另存为 / save the signed document as');
  handle<GatewayOptions & { out?: string }>(gatewayOption(one), cli, async ({ gateway, out }, id) => {
    const found = await (await connect(gateway, cli)).get<Joint>(path`/v1/joint-agreements/${id!}`);
    if (out !== undefined) await writeText(resolve(out), found.document, 0o644);
    return { ...show(found), text: `${summary(found)}\n${partsTable(found)}\n${partiesTable(found)}` };
  });

  const verify = command.command('verify').description('离线核验联办协议 / verify a complete document offline');
  verify.argument('<file>', '签名文件 / signed document');
  verify.requiredOption('--statement <file...>', '各方可信的地区声明 / statements of the parties that are trusted');
  handle<CommonOptions & { statement: string[] }>(verify, cli, async ({ statement }, file) => {
    const { verifyJointFile } = await import('../verify-joint.ts');
    return verifyJointFile((await readText(file!, MAX_DOCUMENT_BYTES)).trim(), statement, cli.clock.now());
  });
}

function defineActs(command: Command, cli: Cli): void {
  const propose = command.command('propose').description('牵头提出联办协议 / propose one as its lead');
  propose.argument('<file>', "草案 JSON,'-' 为标准输入 / draft, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(propose), cli, async ({ gateway }, file) => {
    const draft = await readJson(file!, 'the draft', cli.stdin);
    return show(await (await connect(gateway, cli)).post<Joint>('/v1/joint-agreements', draft));
  });

  const sign = command.command('sign').description('签署牵头地区提出的协议 / sign what the lead proposed');
  sign.argument('<id>', '协议编号 / its id');
  handle<GatewayOptions>(gatewayOption(sign), cli, async ({ gateway }, id) =>
    show(await (await connect(gateway, cli)).post<Joint>(path`/v1/joint-agreements/${id!}/sign`)),
  );

  const refuse = command.command('refuse').description('拒签,协议即告终止 / refuse to sign; it ends for all');
  refuse.argument('<id>', '协议编号 / its id').requiredOption('--reason <text>', '理由 / reason');
  handle<ReasonOptions>(gatewayOption(refuse), cli, async ({ gateway, reason }, id) => {
    const client = await connect(gateway, cli);
    return show(await client.post<Joint>(path`/v1/joint-agreements/${id!}/refuse`, { reason }));
  });

  const revoke = command
    .command('revoke')
    .description('撤回签署或撤销协议 / withdraw our signature, or end what is in force');
  revoke.argument('<id>', '协议编号 / its id').requiredOption('--reason <text>', '理由 / reason');
  revoke.option('--for-cause', '因对方违约 / because another party broke it');
  handle<ReasonOptions & { forCause?: boolean }>(gatewayOption(revoke), cli, async (options, id) => {
    const { gateway, reason, forCause = false } = options;
    const client = await connect(gateway, cli);
    return show(await client.post<Joint>(path`/v1/joint-agreements/${id!}/revoke`, { reason, forCause }));
  });
}

function show(joint: Joint): Answer {
  return { json: joint, text: summary(joint), notes: joint.advice.map(({ message }) => message) };
}

function summary({ id, content, lead, state, parties, ending, code, failedBy, digest, updatedAt }: Joint): string {
  const signed = parties.filter(({ signedAt }) => signedAt !== undefined).length;
  const ended = ending && `${ending.kind} ${ending.by}${ending.forCause ? ' (违约 for cause)' : ''}: ${ending.reason}`;
  return pairs([
    ['编号 Id', id],
    ['联办 Agreement', content.name],
    ['牵头 Lead', lead],
    ['状态 State', state],
    ['签署 Signed', `${signed}/${parties.length}`],
    ['签署期限 Sign by', chinaTime(Date.parse(content.sign_by))],
    ['终止 Ended', ended],
    ['代码 Code', code === '' ? '' : `${code} ${failedBy}`],
    ['摘要 Digest', digest],
    ['更新 Updated', chinaTime(updatedAt)],
  ]);
}

function partsTable({ stages, content: { parts } }: Joint): string {
  const byId = new Map(parts.map((part) => [part.id, part]));
  return table(
    ['步骤 Step', '分工 Part', '地区 Region', '部门 Department', '事项 Item', '工作日 Days', '前置 After'],
    stages.flatMap((ids, step) =>
      ids.map((id) => {
        const { region, department, item, working_days, after } = byId.get(id)!;
        return [step + 1, id, region, department.name, item, working_days, after.join(', ')];
      }),
    ),
    '没有分工 / there is no part',
  );
}

function partiesTable({ parties }: Joint): string {
  return table(
    ['地区 Region', '已登记 Pinned', '签署 Signed', '收到 Acknowledged'],
    parties.map(({ region, pinned, signedAt, acknowledgedAt }) => [
      region,
      pinned ? '是 yes' : '否 no',
      chinaTime(signedAt),
      chinaTime(acknowledgedAt),
    ]),
    '没有参与方 / there is no party',
  );
}

function jointTable(agreements: JointPage['agreements']): string {
  return table(
    ['编号 Id', '联办 Agreement', '牵头 Lead', '状态 State', '更新 Updated'],
    agreements.map(({ id, content, lead, state, updatedAt }) => [id, content.name, lead, state, chinaTime(updatedAt)]),
    '没有联办协议 / there is no joint agreement',
  );
}
