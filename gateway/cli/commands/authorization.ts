import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { readJson } from '../files.ts';
import { chinaTime, nextPage, pairs, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Authorization {
  readonly id: string;
  readonly peer: string;
  readonly proposer: string;
  readonly state: string;
  readonly digest: string;
  readonly code?: string;
  readonly content?: object;
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface AuthorizationPage {
  readonly authorizations: readonly Authorization[];
  readonly next?: string;
}

interface RevokeOptions extends GatewayOptions {
  readonly reason: string;
  readonly forCause?: boolean;
}

/** `tongban authorization`: what two regions allow each other. */
export function define(command: Command, cli: Cli): void {
  const propose = command.command('propose').description('提出授权,等待对端同意 / propose one to a peer');
  propose.argument('<file>', "草案 JSON,'-' 为标准输入 / draft, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(propose), cli, async ({ gateway }, file) => {
    const draft = await readJson(file!, 'the draft', cli.stdin);
    return show(await (await connect(gateway, cli.clock)).post<Authorization>('/v1/authorizations', draft));
  });

  const accept = command.command('accept').description('同意对端的授权 / accept what a peer proposed');
  accept.argument('<id>', '授权编号 / its id');
  handle<GatewayOptions>(gatewayOption(accept), cli, async ({ gateway }, id) =>
    show(await (await connect(gateway, cli.clock)).post<Authorization>(path`/v1/authorizations/${id!}/accept`)),
  );

  const list = command.command('list').description('列出授权 / list them');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli.clock);
    const json = await client.get<AuthorizationPage>('/v1/authorizations', { limit, cursor });
    return { json, text: authorizationTable(json.authorizations) + nextPage(json.next) };
  });

  const one = command.command('show').description('查看授权 / show one with its document');
  one.argument('<id>', '授权编号 / its id');
  handle<GatewayOptions>(gatewayOption(one), cli, async ({ gateway }, id) => {
    const found = await (await connect(gateway, cli.clock)).get<Authorization>(path`/v1/authorizations/${id!}`);
    return { ...show(found), text: `${summary(found)}\n${JSON.stringify(found.content ?? {}, undefined, 2)}\n` };
  });

  const revoke = command.command('revoke').description('撤销授权 / end one');
  revoke.argument('<id>', '授权编号 / its id');
  revoke.requiredOption('--reason <text>', '理由 / reason');
  revoke.option('--for-cause', '因对方违约而撤销 / because the other side broke it');
  handle<RevokeOptions>(gatewayOption(revoke), cli, async ({ gateway, reason, forCause = false }, id) => {
    const client = await connect(gateway, cli.clock);
    return show(await client.post<Authorization>(path`/v1/authorizations/${id!}/revoke`, { reason, forCause }));
  });
}

function show(authorization: Authorization): Answer {
  return { json: authorization, text: summary(authorization) };
}

function summary({ id, peer, proposer, state, digest, code, createdAt, updatedAt }: Authorization): string {
  return pairs([
    ['编号 Id', id],
    ['对端 Peer', peer],
    ['提出方 Proposer', proposer],
    ['状态 State', state],
    ['代码 Code', code],
    ['摘要 Digest', digest],
    ['创建 Created', chinaTime(createdAt)],
    ['更新 Updated', chinaTime(updatedAt)],
  ]);
}

function authorizationTable(authorizations: readonly Authorization[]): string {
  return table(
    ['编号 Id', '对端 Peer', '提出方 Proposer', '状态 State', '更新 Updated'],
    authorizations.map(({ id, peer, proposer, state, updatedAt }) => [id, peer, proposer, state, chinaTime(updatedAt)]),
    '没有授权 / there is no authorization',
  );
}
