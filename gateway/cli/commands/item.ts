import { type Command, Option } from 'commander';
import { CodedError, type messages } from '#proto';
import { itemsCsv } from '../../catalogue/files/write-csv.ts';
import { writeItem } from '../../catalogue/item-document.ts';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, plain, table } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import { type AlignmentAnswer, alignmentCsv, alignmentText } from '../item/alignment-text.ts';
import { changeTable, faultTable, type ImportedItem, placeText } from '../item/import-text.ts';
import { readItemSource } from '../item/item-source.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

type Item = messages.Item & { readonly region: string; readonly digest: string };

interface Version extends Item {
  readonly n: number;
  /** Milliseconds. */
  readonly validSince: number;
  readonly supersededAt?: number;
}

interface Catalogue {
  readonly publisher: string;
  readonly peer: string;
  readonly scope: string;
  readonly version: number;
  readonly isWhole: boolean;
  /** Milliseconds. */
  readonly updatedAt: number;
}

interface Imported {
  readonly imported: number;
  readonly items: readonly ImportedItem[];
}

interface Place {
  readonly region?: string;
}

interface Output {
  readonly format: string;
  readonly output?: string;
}

/** Anybody may read what a region offers. */
const FILE_MODE = 0o644;

/** `tongban item`: what regions offer. */
export function define(command: Command, cli: Cli): void {
  defineImport(command, cli);
  defineReading(command, cli);
  defineExport(command, cli);
  defineAlignment(command, cli);
  definePublishing(command, cli);
}

function defineImport(command: Command, cli: Cli): void {
  const load = command.command('import').description('导入本地区事项 / take items of our own');
  load.argument('<file>', "JSON、YAML、CSV、XLSX,'-' 为标准输入 / '-' for the standard input");
  load.option('--dry-run', '只列出变化和问题,不写入 / only say what would change and what is wrong');
  handle<GatewayOptions & { dryRun?: boolean }>(gatewayOption(load), cli, async ({ gateway, dryRun }, source) => {
    const { document, problems, ignored } = await readItemSource(source!, cli.stdin);
    const notes = ignored.map((name) => `未读取的表 / this sheet was not read: ${plain(name)}`);
    if (problems.length > 0) {
      if (dryRun) return { json: { problems }, text: faultTable(problems), notes, exit: 2 };
      const placed = problems.map(({ place, pointer, code, message }) => {
        return { pointer: place ? placeText(place) : pointer, code, message };
      });
      throw new CodedError('VALIDATION_FAILED', `${problems.length} things are wrong in the file`, placed);
    }
    const client = await connect(gateway, cli);
    const json = await client.put<Imported>(`/v1/items${dryRun ? '?dryRun=true' : ''}`, document);
    const done = dryRun ? '' : `已导入 / imported: ${json.imported}\n`;
    return { json, text: done + changeTable(json.items), notes };
  });
}

function defineReading(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出事项 / list items');
  list.option('--region <code>', '对端公布的事项 / those that a peer published');
  list.option('--scope <scope>', '通办范围 / only those of a scope');
  handle<GatewayOptions & Place & { scope?: string }>(gatewayOption(list), cli, async ({ gateway, region, scope }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<{ items: Item[] }>('/v1/items', { region, scope });
    return { json, text: itemTable(json.items) };
  });

  const history = command.command('history').description('事项的历次版本 / the versions of an item');
  history.argument('<code>', '事项编码 / item code');
  history.option('--region <code>', '办理地区,默认本地区 / the region that offers it; ours unless told');
  handle<GatewayOptions & Place>(gatewayOption(history), cli, async ({ gateway, region }, code) => {
    const from = region ?? (await configIn(gateway)).region;
    const client = await connect(gateway, cli);
    const json = await client.get<{ versions: Version[] }>(path`/v1/items/${from}/${code!}/versions`);
    return { json, text: versionTable(json.versions) };
  });

  const catalogues = command.command('catalogues').description('通办清单 / the catalogues, by peer and scope');
  handle<GatewayOptions>(gatewayOption(catalogues), cli, async ({ gateway }) => {
    const json = await (await connect(gateway, cli)).get<{ catalogues: Catalogue[] }>('/v1/catalogues');
    return { json, text: catalogueTable(json.catalogues) };
  });
}

function defineExport(command: Command, cli: Cli): void {
  const save = command.command('export').description('导出事项 / write items into a file that import reads again');
  save.option('--region <code>', '对端公布的事项 / those that a peer published');
  outputOptions(save, ['json', 'csv']);
  handle<GatewayOptions & Place & Output>(gatewayOption(save), cli, async ({ gateway, region, format, output }) => {
    const { items } = await (await connect(gateway, cli)).get<{ items: Item[] }>('/v1/items', { region });
    const plainItems = items.map(({ region: _region, digest: _digest, ...item }) => item);
    const json = { items: plainItems.map(writeItem) };
    const text = format === 'csv' ? itemsCsv(plainItems) : `${JSON.stringify(json, undefined, 2)}\n`;
    return written(json, text, output);
  });
}

function defineAlignment(command: Command, cli: Cli): void {
  const align = command
    .command('alignment')
    .description('对标报告 / what differs between our items and those of a peer');
  align.requiredOption('--peer <code>', '对端行政区划代码 / region code of the peer');
  align.option('--item <code>', '只比一个事项 / only this item, by its code on either side');
  outputOptions(align, ['text', 'json', 'csv']);
  handle<GatewayOptions & Output & { peer: string; item?: string }>(gatewayOption(align), cli, async (options) => {
    const { gateway, peer, item, format, output } = options;
    const client = await connect(gateway, cli);
    const json = await client.get<AlignmentAnswer>('/v1/items/alignment', { peer, item });
    const asJson = () => `${JSON.stringify(json, undefined, 2)}\n`;
    const text = format === 'csv' ? alignmentCsv(json) : format === 'json' ? asJson() : alignmentText(json);
    return written(json, text, output);
  });
}

function definePublishing(command: Command, cli: Cli): void {
  const publish = command.command('publish').description('向对端公布清单 / publish the catalogue of a scope to a peer');
  publish.argument('[peer]', '行政区划代码 / region code');
  publish.option('--peer <code>', '行政区划代码 / region code');
  publish.option('--scope <scope>', '通办范围,如 跨省通办 / scope', 'cross-province');
  handle<GatewayOptions & { scope: string; peer?: string }>(gatewayOption(publish), cli, async (options, named) => {
    const { gateway, scope, peer = named } = options;
    if (peer === undefined) throw new CodedError('VALIDATION_FAILED', 'name the peer: tongban item publish <peer>');
    const client = await connect(gateway, cli);
    const json = await client.post<{ version: number }>('/v1/catalogue/publish', { peer, scope });
    return { json, text: `已公布 / published to ${plain(peer)}: ${plain(scope)} 版本 version ${json.version}\n` };
  });
}

function outputOptions(command: Command, formats: readonly string[]): void {
  command.addOption(new Option('--format <format>', '格式 / form').choices(formats).default(formats[0]!));
  command.option('--output <file>', '写入文件 / write it into a file');
}

async function written(json: unknown, text: string, output: string | undefined): Promise<Answer> {
  if (output === undefined) return { json, text };
  await writeText(output, text, FILE_MODE);
  return { json, text: `已写入 / written: ${plain(output)}\n` };
}

function itemTable(items: readonly Item[]): string {
  return table(
    ['代码 Code', '名称 Name', '部门 Department', '模式 Modes', '范围 Scopes'],
    items.map(({ code, name, department, modes, scopes }) => [
      code,
      name,
      department,
      modes.join(', '),
      scopes.join(', '),
    ]),
    '没有事项 / there are no items',
  );
}

function versionTable(versions: readonly Version[]): string {
  return table(
    ['版本 Version', '起 Since', '止 Until', '承诺 Promised', '材料 Materials', '摘要 Digest'],
    versions.map(({ n, validSince, supersededAt, promisedWorkingDays, materials, digest }) => [
      n,
      chinaTime(validSince),
      supersededAt === undefined ? '现行 in force' : chinaTime(supersededAt),
      promisedWorkingDays,
      materials.length,
      digest,
    ]),
    '没有版本 / there are no versions',
  );
}

function catalogueTable(catalogues: readonly Catalogue[]): string {
  return table(
    ['公布方 Publisher', '接收方 Peer', '范围 Scope', '版本 Version', '公布 Published', '收全 Whole'],
    catalogues.map(({ publisher, peer, scope, version, updatedAt, isWhole }) => [
      ...[publisher, peer, scope, version, chinaTime(updatedAt)],
      isWhole ? '是 yes' : '否 no',
    ]),
    '没有清单 / there are no catalogues',
  );
}
