import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readJson } from '../files.ts';
import { chinaTime, nextPage, pairs, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Suspension {
  readonly by: string;
  readonly reason: string;
  readonly at: number;
}

interface Authorization {
  readonly id: string;
  readonly peer: string;
  readonly proposer: string;
  readonly state: string;
  readonly digest: string;
  readonly code?: string;
  readonly content?: object;
  readonly suspensions?: readonly Suspension[];
  readonly supersededFrom?: number;
  readonly lineage?: {
    readonly chain: readonly { readonly id: string; readonly proposer: string; readonly state: string }[];
    readonly renews?: string;
    readonly renewedBy: readonly string[];
  };
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface AuthorizationPage {
  readonly authorizations: readonly Authorization[];
  readonly next?: string;
}

interface ReasonOptions extends GatewayOptions {
  readonly reason: string;
}

interface RevokeOptions extends ReasonOptions {
  readonly forCause?: boolean;
}

interface RenewOptions extends GatewayOptions {
  readonly until?: string;
}

interface ContactSide {
  readonly region: string;
  readonly contacts: readonly { name: string; role: string; phone: string; email: string }[];
  readonly changedAt: number;
}

/** `tongban authorization`: what two regions allow each other. */
export function define(command: Command, cli: Cli): void {
  defineSigning(command, cli);
  defineReading(command, cli);
  defineStanding(command, cli);
}

function defineSigning(command: Command, cli: Cli): void {
  const propose = command.command('propose').description('提出授权,等待对端同意 / propose one to a peer');
  propose.argument('<file>', "草案 JSON,'-' 为标准输入 / draft, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(propose), cli, async ({ gateway }, file) => {
    const draft = await readJson(file!, 'the draft', cli.stdin);
    return show(await (await connect(gateway, cli)).post<Authorization>('/v1/authorizations', draft));
  });

  const counter = command.command('counter').description('反提案 / answer a proposal with another one');
  counter.argument('<id>', '对端提案的编号 / id of the proposal');
  counter.argument('<file>', "要改动的成员 JSON,'-' 为标准输入 / the members to change, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(counter), cli, async ({ gateway }, id, file) => {
    const changes = await readJson(file!, 'the changes', cli.stdin);
    const client = await connect(gateway, cli);
    return show(await client.post<Authorization>(path`/v1/authorizations/${id!}/counter`, changes));
  });

  const renew = command.command('renew').description('续签:提出取代原授权的新授权 / propose what is to replace one');
  renew.argument('<id>', '原授权编号 / id of the one to replace');
  renew.argument('[file]', "要改动的成员 JSON,'-' 为标准输入 / the members to change, '-' for the standard input");
  renew.option('--until <time>', '新的终止时间,如 2029-12-01T00:00:00+08:00 / when the new one ends');
  handle<RenewOptions>(gatewayOption(renew), cli, async ({ gateway, until }, id, file) => {
    const changes = file === undefined ? {} : ((await readJson(file, 'the changes', cli.stdin)) as object);
    const client = await connect(gateway, cli);
    const body = until === undefined ? changes : { ...changes, valid_until: until };
    return show(await client.post<Authorization>(path`/v1/authorizations/${id!}/renew`, body));
  });

  const accept = command.command('accept').description('同意对端的授权 / accept what a peer proposed');
  accept.argument('<id>', '授权编号 / its id');
  handle<GatewayOptions>(gatewayOption(accept), cli, async ({ gateway }, id) =>
    show(await (await connect(gateway, cli)).post<Authorization>(path`/v1/authorizations/${id!}/accept`)),
  );
}

function defineReading(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出授权 / list them');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<AuthorizationPage>('/v1/authorizations', { limit, cursor });
    return { json, text: authorizationTable(json.authorizations) + nextPage(json.next) };
  });

  const one = command.command('show').description('查看授权 / show one with its document');
  one.argument('<id>', '授权编号 / its id');
  handle<GatewayOptions>(gatewayOption(one), cli, async ({ gateway }, id) => {
    const found = await (await connect(gateway, cli)).get<Authorization>(path`/v1/authorizations/${id!}`);
    return { ...show(found), text: `${summary(found)}\n${JSON.stringify(found.content ?? {}, undefined, 2)}\n` };
  });

  const diff = command.command('diff').description('两份授权的区别,用文字说明 / what is different, in words');
  diff.argument('<older>', '较早一份:编号、签名文件或草案 / the older one: its id, document or draft');
  diff.argument('<newer>', '较新一份 / the newer one');
  handle<GatewayOptions>(gatewayOption(diff), cli, async ({ gateway }, older, newer) => {
    const { changesBetween } = await import('../authorization-diff.ts');
    const changes = await changesBetween(older!, newer!, {
      stdin: cli.stdin,
      fetch: async (id) => (await connect(gateway, cli)).get(path`/v1/authorizations/${id}`),
    });
    return { json: { changes }, text: changesText(changes) };
  });

  const contacts = command.command('contacts').description('查看或更换联系人 / show whom to call, or replace our side');
  contacts.argument('<id>', '授权编号 / its id');
  contacts.argument('[file]', '我方联系人 JSON 列表 / our contacts, a JSON list of {name, role, phone, email}');
  handle<GatewayOptions>(gatewayOption(contacts), cli, async ({ gateway }, id, file) => {
    const ours = file === undefined ? undefined : await readJson(file, 'the contacts', cli.stdin);
    const client = await connect(gateway, cli);
    const url = path`/v1/authorizations/${id!}/contacts`;
    const json = await (ours === undefined
      ? client.get<{ sides: readonly ContactSide[] }>(url)
      : client.put<{ sides: readonly ContactSide[] }>(url, { contacts: ours }));
    return { json, text: contactsTable(json.sides) };
  });
}

function defineStanding(command: Command, cli: Cli): void {
  const words = {
    suspend: '中止授权:不再受理新办件,在办的继续 / let no new case begin under one',
    resume: '恢复我方中止的授权 / take back our suspension of one',
  } as const;
  for (const act of ['suspend', 'resume'] as const) {
    const one = command.command(act).description(words[act]);
    one.argument('<id>', '授权编号 / its id');
    one.requiredOption('--reason <text>', '理由 / reason');
    handle<ReasonOptions>(gatewayOption(one), cli, async ({ gateway, reason }, id) => {
      const client = await connect(gateway, cli);
      return show(await client.post<Authorization>(`${path`/v1/authorizations/${id!}`}/${act}`, { reason }));
    });
  }

  const revoke = command.command('revoke').description('撤销授权 / end one');
  revoke.argument('<id>', '授权编号 / its id');
  revoke.requiredOption('--reason <text>', '理由 / reason');
  revoke.option('--for-cause', '因对方违约而撤销 / because the other side broke it');
  handle<RevokeOptions>(gatewayOption(revoke), cli, async ({ gateway, reason, forCause = false }, id) => {
    const client = await connect(gateway, cli);
    return show(await client.post<Authorization>(path`/v1/authorizations/${id!}/revoke`, { reason, forCause }));
  });
}

function show(authorization: Authorization): Answer {
  return { json: authorization, text: summary(authorization) };
}

function summary(authorization: Authorization): string {
  const { id, peer, proposer, state, digest, code, suspensions, lineage, createdAt, updatedAt } = authorization;
  const chain = lineage?.chain ?? [];
  return pairs([
    ['编号 Id', id],
    ['对端 Peer', peer],
    ['提出方 Proposer', proposer],
    ['状态 State', state],
    ['中止 Suspended', suspensions?.map(({ by, reason }) => `${by}: ${reason}`).join('; ')],
    ['代码 Code', code],
    ['提案往复 Proposals', chain.length > 1 ? chain.map((one) => `${one.proposer} ${one.id}`).join(' → ') : ''],
    ['续签自 Renews', lineage?.renews],
    ['续签为 Renewed by', lineage?.renewedBy.join(', ')],
    ['取代于 Superseded', chinaTime(authorization.supersededFrom)],
    ['摘要 Digest', digest],
    ['创建 Created', chinaTime(createdAt)],
    ['更新 Updated', chinaTime(updatedAt)],
  ]);
}

function changesText(
  changes: readonly { readonly kind: string; zh: string; en: string; lines?: readonly string[] }[],
): string {
  if (changes.length === 0) return '没有区别 / there is no difference\n';
  return changes
    .map(({ kind, zh, en, lines = [] }) => {
      const mark = kind === 'fields-added' ? '!!' : '- ';
      const shown = [`${mark} ${plain(zh)}`, `   ${plain(en)}`, ...lines.map((line) => `     ${plain(line)}`)];
      return `${shown.join('\n')}\n`;
    })
    .join('');
}

function contactsTable(sides: readonly ContactSide[]): string {
  return table(
    ['地区 Region', '姓名 Name', '职责 Role', '电话 Phone', '邮箱 E-mail', '更新 Updated'],
    sides.flatMap(({ region, contacts, changedAt }) =>
      contacts.map(({ name, role, phone, email }) => [region, name, role, phone, email, chinaTime(changedAt)]),
    ),
    '没有联系人 / there are no contacts',
  );
}

function authorizationTable(authorizations: readonly Authorization[]): string {
  return table(
    ['编号 Id', '对端 Peer', '提出方 Proposer', '状态 State', '更新 Updated'],
    authorizations.map(({ id, peer, proposer, state, updatedAt }) => [id, peer, proposer, state, chinaTime(updatedAt)]),
    '没有授权 / there is no authorization',
  );
}
