import type { Command } from 'commander';
import { connect } from '../client.ts';
import { type Cli, type CommonOptions, handle } from '../command.ts';
import { chinaTime, humanSize, nextPage, plain, table } from '../format.ts';
import { type GatewayOptions, gatewayOption, type PageOptions, pageOptions } from '../options.ts';

interface Volume {
  readonly number: number;
  readonly digest: string;
  readonly entries: number;
  readonly size: number;
  readonly closedAt: number;
}

/** `tongban archive`: evidence that is kept apart from the database (归档). */
export function define(command: Command, cli: Cli): void {
  const list = command.command('list').description('列出归档卷 / closed volumes, newest first');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(list)), cli, async ({ gateway, limit, cursor }) => {
    const client = await connect(gateway, cli);
    const json = await client.get<{ volumes: Volume[]; next?: string }>('/v1/archive', { limit, cursor });
    return { json, text: volumeTable(json.volumes) + nextPage(json.next) };
  });

  const run = command
    .command('run')
    .description('立即归档到期的存证,至多一卷 / archive now what is due, one volume at most');
  handle<GatewayOptions>(gatewayOption(run), cli, async ({ gateway }) => {
    const client = await connect(gateway, cli);
    const json = await client.post<{ closed: Volume[] }>('/v1/archive/run', {});
    const text = json.closed.length === 0 ? '没有到期的存证 / nothing is due\n' : volumeTable(json.closed);
    return { json, text };
  });

  const verify = command
    .command('verify')
    .description('离线核验归档卷:封卷签名、卷链、每个存证包 / verify volumes offline: seals, chain, every bundle');
  verify.argument('<folder>', '归档卷所在目录 / folder of the volumes');
  verify.requiredOption(
    '--region <statement...>',
    '各地区声明文件 / statement files of the regions, the only ones trusted',
  );
  verify.option('--tsa <pem>', '采信的时间戳证书 / certificates of timestamp authorities that are trusted');
  handle<CommonOptions & { region: string[]; tsa?: string }>(verify, cli, async ({ region, tsa }, folder) => {
    const { verifyArchive } = await import('../verify-archive.ts');
    return verifyArchive(folder!, region, cli.clock.now(), tsa);
  });

  const extract = command
    .command('extract')
    .description('从归档卷取出一个存证包 / take one evidence bundle out of the volumes, offline');
  extract.argument('<folder>', '归档卷所在目录 / folder of the volumes');
  extract.argument('<id>', '会话标识,或核验报文编号 / conversation of the case, or id of the check');
  extract.requiredOption('--region <statement>', '归档地区的声明文件 / statement file of the region that archived');
  extract.requiredOption('--out <file>', '存为 / save as');
  handle<CommonOptions & { region: string; out: string }>(extract, cli, async ({ region, out }, folder, id) => {
    const { extractBundle } = await import('../verify-archive.ts');
    const { volume, size } = await extractBundle(folder!, id!, region, out);
    return {
      json: { out, volume, size },
      text: `已从第 ${volume} 卷取出 / taken from volume ${volume}: ${plain(out)} (${humanSize(size)})\n`,
    };
  });
}

function volumeTable(volumes: readonly Volume[]): string {
  return table(
    ['卷 Volume', '封卷 Closed (UTC+8)', '存证包 Bundles', '大小 Size', 'SHA-256'],
    volumes.map(({ number, closedAt, entries, size, digest }) => [
      number,
      chinaTime(closedAt),
      entries,
      humanSize(size),
      digest,
    ]),
    '还没有归档卷 / no volume yet',
  );
}
