import type { Command } from 'commander';
import { connect } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { readJson } from '../files.ts';
import { plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface Item {
  readonly code: string;
  readonly name: string;
  readonly department?: string;
  readonly modes?: readonly string[];
}

/** `tongban item`: what a region offers. */
export function define(command: Command, cli: Cli): void {
  const load = command.command('import').description('导入本地区事项 / take items of our own');
  load.argument('<file>', "事项 JSON,'-' 为标准输入 / items, '-' for the standard input");
  handle<GatewayOptions>(gatewayOption(load), cli, async ({ gateway }, file) => {
    const document = await readJson(file!, 'the items', cli.stdin);
    const body = Array.isArray(document) ? { items: document } : document;
    const json = await (await connect(gateway, cli.clock)).put<{ imported: number }>('/v1/items', body);
    return { json, text: `已导入 / imported: ${json.imported}\n` };
  });

  const list = command.command('list').description('列出事项 / list items');
  list.option('--region <code>', '对端公布的事项 / those that a peer published');
  handle<GatewayOptions & { region?: string }>(gatewayOption(list), cli, async ({ gateway, region }) => {
    const json = await (await connect(gateway, cli.clock)).get<{ items: Item[] }>('/v1/items', { region });
    return { json, text: itemTable(json.items) };
  });

  const publish = command.command('publish').description('向对端公布目录 / publish the catalogue to a peer');
  publish.argument('<peer>', '行政区划代码 / region code');
  publish.option('--scope <scope>', '通办范围 / scope', 'cross-province');
  handle<GatewayOptions & { scope: string }>(gatewayOption(publish), cli, async ({ gateway, scope }, peer) => {
    const client = await connect(gateway, cli.clock);
    const json = await client.post<{ version: number }>('/v1/catalogue/publish', { peer, scope });
    return { json, text: `已公布 / published to ${plain(peer)}: 版本 version ${json.version}\n` };
  });
}

function itemTable(items: readonly Item[]): string {
  return table(
    ['代码 Code', '名称 Name', '部门 Department', '模式 Modes'],
    items.map(({ code, name, department, modes }) => [code, name, department, modes?.join(', ')]),
    '没有事项 / there are no items',
  );
}
