import { resolve } from 'node:path';
import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readJson, readText, writeText } from '../files.ts';
import { chinaTime, nextPage, pairs, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Standing {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly { readonly pointer: string; readonly code: string; readonly message: string }[];
}

interface Entrustment {
  readonly id: string;
  readonly digest: string;
  readonly region: string;
  readonly holders: readonly string[];
  readonly content: {
    readonly rights: readonly string[];
    readonly items: readonly string[];
    readonly depth: number;
    readonly valid_from: string;
    readonly valid_until: string;
  };
  readonly standing: Standing;
  readonly revocation?: { readonly reason: string; readonly at: number; readonly proof: string };
  readonly shown: readonly { readonly peer: string; readonly authorization: string; readonly code?: string }[];
  readonly chain: readonly string[];
  readonly revocations: readonly string[];
  readonly updatedAt: number;
}

interface EntrustmentPage {
  readonly entrustments: readonly Omit<Entrustment, 'chain' | 'revocations'>[];
  readonly next?: string;
}

type ListOptions = GatewayOptions & PageOptions & { readonly region?: string; readonly authorization?: string };
type SendOptions = GatewayOptions & { readonly peer: string; readonly authorization?: string };
type VerifyOptions = GatewayOptions & { readonly statement?: string[] };

const MAX_LETTER_BYTES = 1024 * 1024;

/** `tongban entrustment`: who may act for whom in our region, and in those of our peers. */
export function define(command: Command, cli: Cli): void {
  const issue = command.command('issue').description('签发授权委托书 / issue a letter of entrustment');
  issue.argument(
    '<file>',
    "委托书内容 JSON 或部门已签名的文件,'-' 为标准输入 / its content, or what a department signed",
  );
  handle<GatewayOptions>(gatewayOption(issue), cli, async ({ gateway }, file) => {
    const letter = await letterIn(file!, cli.stdin);
    return show(await (await connect(gateway, cli)).post<Entrustment>('/v1/entrustments', letter));
  });

  const list = command.command('list').description('列出授权委托书 / list them');
  list.option('--region <code>', '权力所属地区 / region to which the power belongs');
  list.option('--authorization <id>', '所附的授权 / the authorization that they belong to');
  handle<ListOptions>(
    pageOptions(gatewayOption(list)),
    cli,
    async ({ gateway, limit, cursor, region, authorization }) => {
      const client = await connect(gateway, cli);
      const json = await client.get<EntrustmentPage>('/v1/entrustments', { limit, cursor, region, authorization });
      return { json, text: letterTable(json.entrustments) + nextPage(json.next) };
    },
  );

  const one = command.command('show').description('查看授权委托书 / show one with its chain');
  one.argument('<id>', '委托书编号 / its id').option('--out <file>', '委托链另存为 / save the chain as');
  handle<GatewayOptions & { out?: string }>(gatewayOption(one), cli, async ({ gateway, out }, id) => {
    const client = await connect(gateway, cli);
    const found = await client.get<Entrustment>(path`/v1/entrustments/${id!}`);
    const { chain, revocations } = found;
    const saved = `${JSON.stringify({ chain, revocations }, undefined, 2)}\n`;
    if (out !== undefined) await writeText(resolve(out), saved, 0o644);
    return show(found);
  });

  const verify = command.command('verify').description('核验委托链 / verify a chain');
  verify.argument('<file>', "委托链文件,'-' 为标准输入 / the chain, '-' for the standard input");
  const offline =
    '可信的地区声明,给出时离线核验;否则由网关核验 / trusted statements for doing it offline, else the gateway does it';
  verify.option('--statement <file...>', offline);
  handle<VerifyOptions>(gatewayOption(verify), cli, (options, file) => verifyChain(options, file!, cli));

  const revoke = command
    .command('revoke')
    .description('撤销授权委托书 / revoke one and all that was passed on from it');
  revoke.argument('<id>', '委托书编号 / its id').requiredOption('--reason <text>', '理由 / reason');
  handle<GatewayOptions & { reason: string }>(gatewayOption(revoke), cli, async ({ gateway, reason }, id) => {
    const client = await connect(gateway, cli);
    return show(await client.post<Entrustment>(path`/v1/entrustments/${id!}/revoke`, { reason }));
  });

  const send = command.command('send').description('向对接地区出示 / show one and its chain to a peer');
  send.argument('<id>', '委托书编号 / its id').requiredOption('--peer <code>', '对接地区 / the peer');
  send.option('--authorization <id>', '所附的授权 / the authorization that it belongs to');
  handle<SendOptions>(gatewayOption(send), cli, async ({ gateway, peer, authorization }, id) => {
    const client = await connect(gateway, cli);
    const body = { peer, ...(authorization !== undefined && { authorization }) };
    return show(await client.post<Entrustment>(path`/v1/entrustments/${id!}/send`, body));
  });
}

/** JSON is content for the gateway to sign; anything else is a document that a department signed with its own key. */
async function letterIn(source: string, stdin: () => Promise<string>): Promise<unknown> {
  const isJson = /^\s*\{/.test(source);
  const content = isJson ? source : source === '-' ? await stdin() : await readText(source, MAX_LETTER_BYTES);
  const document = content.trim();
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(document)) return { document };
  return readJson(isJson || source === '-' ? content : source, 'the letter', stdin);
}

async function verifyChain({ gateway, statement }: VerifyOptions, source: string, cli: Cli): Promise<Answer> {
  const { entrustmentFile, verifyEntrustmentFile } = await import('../verify-entrustment.ts');
  const file = entrustmentFile(await readJson(source, 'the chain', cli.stdin));
  if (statement !== undefined) return verifyEntrustmentFile(file, statement, cli.clock.now());
  const client = await connect(gateway, cli);
  const json = await client.post<Standing>('/v1/entrustments/verify', { chain: file.chain });
  return { json, text: standingText(json), exit: json.code === '' ? 0 : 1 };
}

function show(letter: Entrustment): Answer {
  const { id, region, holders, content, standing, revocation, shown, digest, updatedAt } = letter;
  const text = pairs([
    ['编号 Id', id],
    ['地区 Region', region],
    ['自上而下 From the region down', holders.join(' → ')],
    ['权限 Rights', content.rights.join(', ')],
    ['事项 Items', content.items.join(', ')],
    ['可转委托 May be passed on', content.depth],
    ['期限 Validity', `${chinaTime(Date.parse(content.valid_from))} — ${chinaTime(Date.parse(content.valid_until))}`],
    ['撤销 Revoked', revocation && `${chinaTime(revocation.at)} ${revocation.reason}`],
    [
      '出示 Shown',
      shown.map(({ peer, code }) => `${peer}${code === '' ? '' : ` (${code ?? '等待 waiting'})`}`).join(', '),
    ],
    ['摘要 Digest', digest],
    ['更新 Updated', chinaTime(updatedAt)],
  ]);
  return { json: letter, text: text + standingText(standing) };
}

function standingText({ code, message, problems }: Standing): string {
  const state = code === '' ? '有效 in force' : `${code}: ${message}`;
  const places = problems.map((problem) => [problem.pointer, problem.message] as const);
  return pairs([['现状 Standing', state], ...places]);
}

function letterTable(letters: EntrustmentPage['entrustments']): string {
  return table(
    ['编号 Id', '地区 Region', '受托方 Holder', '现状 Standing', '更新 Updated'],
    letters.map(({ id, region, holders, standing, updatedAt }) => [
      id,
      region,
      holders.at(-1),
      standing.code || '有效 in force',
      chinaTime(updatedAt),
    ]),
    '没有授权委托书 / there is no letter of entrustment',
  );
}
