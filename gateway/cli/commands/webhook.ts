import type { Command } from 'commander';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { chinaTime, nextPage, pairs, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Webhook {
  readonly id: string;
  readonly owner: string;
  readonly url: string;
  /** Empty for all. */
  readonly types: readonly string[];
  readonly state: 'active' | 'paused';
  readonly allowed: boolean;
  readonly position: string;
  readonly behind: number;
  readonly parked: number;
  readonly lastCode: string;
  /** Milliseconds. */
  readonly createdAt: number;
}

interface Delivery {
  readonly at: number;
  readonly event: string;
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly ms: number;
}

const ID = '订阅编号(见 list) / id, as list shows it';

/** `tongban webhook`: what platforms subscribed to themselves (事件订阅), for whoever runs the gateway. */
export function define(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出全部平台的订阅 / the subscriptions of all platforms');
  handle<GatewayOptions>(gatewayOption(list), cli, async ({ gateway }) => {
    const json = await (await connect(gateway, cli)).get<{ webhooks: Webhook[] }>('/v1/webhooks');
    return { json, text: webhookTable(json.webhooks) };
  });

  const show = command.command('show').description('一个订阅及其投递记录 / one subscription and its deliveries');
  show.argument('<id>', ID);
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(show)), cli, async (options, id) => {
    const { gateway, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const webhook = await client.get<Webhook>(path`/v1/webhooks/${id!}`);
    const log = await client.get<{ deliveries: Delivery[]; next?: string }>(path`/v1/webhooks/${id!}/deliveries`, {
      limit,
      cursor,
    });
    const text = `${webhookText(webhook)}\n${deliveryTable(log.deliveries)}${nextPage(log.next)}`;
    return { json: { webhook, ...log }, text };
  });

  setState(
    command,
    cli,
    'pause',
    'paused',
    '暂停投递,事件保存七天 / deliver nothing for now; events are kept for seven days',
  );
  setState(command, cli, 'resume', 'active', '恢复投递 / deliver again');

  const replay = command.command('replay').description('从某位置重新投递 / deliver everything behind a position again');
  replay.argument('<id>', ID);
  replay.requiredOption('--after <position>', '事件位置,0 为最早 / position of an event; 0 for the oldest');
  handle<GatewayOptions & { after: string }>(gatewayOption(replay), cli, async ({ gateway, after }, id) => {
    const client = await connect(gateway, cli);
    return done(await client.post<Webhook>(path`/v1/webhooks/${id!}/replay`, { after }));
  });
}

function setState(command: Command, cli: Cli, name: string, state: Webhook['state'], description: string): void {
  const made = command.command(name).description(description);
  made.argument('<id>', ID);
  handle<GatewayOptions>(gatewayOption(made), cli, async ({ gateway }, id) => {
    const client = await connect(gateway, cli);
    return done(await client.patch<Webhook>(path`/v1/webhooks/${id!}`, { state }));
  });
}

function done(webhook: Webhook) {
  return { json: webhook, text: `已完成 / done: ${plain(webhook.id)}\n${webhookText(webhook)}` };
}

function webhookTable(webhooks: readonly Webhook[]): string {
  return table(
    ['编号 Id', '平台 Owner', '地址 URL', '状态 State', '待投递 Behind', '死信 Parked', '代码 Code'],
    webhooks.map((one) => [one.id, one.owner, one.url, stateText(one), one.behind, one.parked, one.lastCode]),
    '没有订阅 / no webhook',
  );
}

function webhookText(webhook: Webhook): string {
  const { owner, url, types, position, behind, parked, lastCode, createdAt } = webhook;
  return pairs([
    ['平台 Owner', owner],
    ['地址 URL', url],
    ['种类 Types', types.length === 0 ? '全部 all' : types.join(', ')],
    ['状态 State', stateText(webhook)],
    ['位置 Position', position],
    ['待投递 Behind', behind],
    ['死信 Parked', parked],
    ['上次代码 Last code', lastCode],
    ['创建 Created', chinaTime(createdAt)],
  ]);
}

function stateText({ state, allowed }: Webhook): string {
  const word = state === 'active' ? '投递中 active' : '暂停 paused';
  return allowed ? word : `${word}; 来源未列入 webhooks.targets / its origin is not listed`;
}

function deliveryTable(deliveries: readonly Delivery[]): string {
  return table(
    ['时间 At', '种类 Type', '事件 Event', 'HTTP', '代码 Code', '毫秒 ms'],
    deliveries.map(({ at, type, event, status, code, ms }) => [chinaTime(at), type, event, status || '', code, ms]),
    '没有投递记录 / no delivery yet',
  );
}
