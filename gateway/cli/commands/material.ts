import { type Command, Option } from 'commander';
import { connect, path } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { save } from '../download.ts';
import { openBlob, readJson } from '../files.ts';
import { chinaTime, humanSize, nextPage, pairs, plain, table } from '../format.ts';
import {
  type GatewayOptions,
  gatewayOption,
  type PageOptions,
  type PurposeOptions,
  pageOptions,
  purposeOption,
} from '../options.ts';

interface Material {
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  readonly mediaType?: string;
  readonly grade?: string;
}

interface AddOptions extends GatewayOptions {
  readonly name: string;
  readonly mediaType?: string;
  readonly grade?: string;
}

interface GetOptions extends GatewayOptions, PurposeOptions {
  readonly out: string;
  readonly watermark?: boolean;
}

interface Parked {
  readonly conversation: string;
  readonly digest: string;
  readonly peer: string;
  readonly size: number;
  /** Milliseconds. */
  readonly receivedAt: number;
  readonly scan: { readonly state: string; readonly signature?: string; readonly code?: string };
}

const KEY = '办件编号或会话标识 / number or conversation of the case';
const DIGEST = '材料摘要(十六进制) / digest of the material, hex';

/** By the name of the file; who knows better gives --media-type. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  ofd: 'application/ofd',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** `tongban material`: the files of a case. */
export function define(command: Command, cli: Cli): void {
  defineParked(command, cli);
  const add = command.command('add').description('添加材料 / add a file to a case');
  add.argument('<key>', KEY).argument('<file>', '文件 / file, at most 200 MiB');
  add.requiredOption('--name <name>', '材料名称(按事项目录) / name of the material as the catalogue has it');
  add.option('--media-type <type>', '媒体类型,默认按扩展名 / media type, else by the extension');
  add.addOption(new Option('--grade <grade>', '材料等级,默认 C / grade of the material').choices(['C', 'D']));
  handle<AddOptions>(gatewayOption(add), cli, async ({ gateway, name, mediaType, grade }, key, file) => {
    const bytes = await openBlob(file!);
    const client = await connect(gateway, cli);
    const type = mediaType ?? mediaTypeOf(file!);
    const json = await client.upload<Material>(path`/v1/cases/${key!}/materials`, { name, grade }, type, bytes);
    return { json, text: materialText(json) };
  });

  const check = command.command('check').description('登记已核对原件 / record that the original was compared');
  check.argument('<key>', KEY).argument('<digest>', DIGEST);
  check.requiredOption('--handler <json>', "经办人:文件、'-' 或 JSON / handler: a file, '-' or JSON itself");
  handle<GatewayOptions & { handler: string }>(gatewayOption(check), cli, async (options, key, digest) => {
    const handler = await readJson(options.handler, '--handler', cli.stdin);
    const client = await connect(options.gateway, cli);
    const json = await client.post<Material>(path`/v1/cases/${key!}/materials/${digest!}/check`, { handler });
    return { json, text: materialText(json) };
  });

  const get = command
    .command('get')
    .description('取出材料并核对摘要,或取水印件 / save a material and check its digest, or a watermarked copy');
  get.argument('<key>', KEY).argument('<digest>', DIGEST);
  get.requiredOption('--out <file>', '存为 / save as');
  get.option('--watermark', '取水印件(PDF),供阅读 / a watermarked copy for reading instead, as a PDF');
  handle<GetOptions>(purposeOption(gatewayOption(get)), cli, async (options, key, digest) => {
    const { gateway, out, watermark, purpose } = options;
    const client = await connect(gateway, cli);
    const query = new URLSearchParams({
      ...(watermark && { copy: 'watermarked' }),
      ...(purpose !== undefined && { purpose }),
    });
    const url = path`/v1/cases/${key!}/materials/${digest!}` + (query.size > 0 ? `?${query}` : '');
    // A copy is not the material: it has no digest to be held against.
    const size = watermark
      ? await save(await client.download(url), out)
      : await save(await client.download(url), out, digest);
    const what = watermark ? '水印件已保存 / copy saved' : '已保存 / saved';
    return {
      json: { out, digest, size, watermarked: watermark === true },
      text: `${what}: ${plain(out)} (${humanSize(size)})\n`,
    };
  });
}

/** What the malware scan set aside, and its release. */
function defineParked(command: Command, cli: Cli): void {
  const parked = command.command('parked').description('已隔离的材料 / what the malware scan set aside');
  handle<GatewayOptions & PageOptions>(pageOptions(gatewayOption(parked)), cli, async (options) => {
    const { gateway, limit, cursor } = options;
    const client = await connect(gateway, cli);
    const json = await client.get<{ materials: Parked[]; next?: string }>('/v1/parked-materials', { limit, cursor });
    return { json, text: parkedTable(json.materials) + nextPage(json.next) };
  });

  const release = command.command('release').description('放行已隔离的材料 / hand out what the scan set aside');
  release.argument('<key>', KEY).argument('<digest>', DIGEST);
  release.requiredOption('--reason <text>', '事由,长期留存 / why; it is kept');
  handle<GatewayOptions & { reason: string }>(gatewayOption(release), cli, async (options, key, digest) => {
    const client = await connect(options.gateway, cli);
    const url = path`/v1/cases/${key!}/materials/${digest!}/release`;
    const json = await client.post<Parked['scan']>(url, { reason: options.reason });
    return { json, text: `已放行 / released: ${plain(digest!)}\n` };
  });
}

function parkedTable(materials: readonly Parked[]): string {
  return table(
    ['收到 Received', '会话 Conversation', '摘要 Digest', '来自 From', '大小 Size', '发现 Found'],
    materials.map(({ receivedAt, conversation, digest, peer, size, scan }) => {
      return [chinaTime(receivedAt), conversation, digest, peer, humanSize(size), scan.signature ?? scan.code ?? ''];
    }),
    '没有隔离的材料 / nothing is set aside',
  );
}

function mediaTypeOf(file: string): string {
  const extension = file.slice(file.lastIndexOf('.') + 1).toLowerCase();
  return (Object.hasOwn(MEDIA_TYPES, extension) && MEDIA_TYPES[extension]) || 'application/octet-stream';
}

function materialText({ name, digest, size, mediaType, grade }: Material): string {
  return pairs([
    ['材料 Material', name],
    ['等级 Grade', grade],
    ['大小 Size', humanSize(size)],
    ['类型 Type', mediaType],
    ['摘要 Digest', digest],
  ]);
}
