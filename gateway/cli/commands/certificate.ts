import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CodedError } from '#proto';
import { STATUS_WORDS } from '#trust';
import { readCertificateFile } from '../certificate-file.ts';
import { connect, path } from '../client.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { save } from '../download.ts';
import { readJson, readText, writeText } from '../files.ts';
import { humanSize, pairs, plain } from '../format.ts';
import { duration, type GatewayOptions, gatewayOption } from '../options.ts';

interface CertificateRecord {
  readonly identifier: string;
  readonly issuer: string;
  readonly status: string;
  readonly reason?: string;
  readonly digest?: string;
  /** The certificate itself, where the gateway gives it. */
  readonly text?: string;
  /** Text of its QR code, when the region issued it. */
  readonly qr?: string;
}

interface CheckOptions extends GatewayOptions {
  readonly region?: string;
  readonly identifier?: string;
  readonly qr?: string;
  readonly certificate?: string;
  readonly field?: readonly string[];
  readonly purpose?: string;
  readonly file?: string;
  readonly out?: string;
}

interface VerifyOptions extends CommonOptions {
  readonly statement: string[];
  readonly statusList?: string;
  /** Seconds. */
  readonly maxAge: number;
}

type OutOptions = GatewayOptions & { readonly out?: string };

const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/** `tongban certificate`: issue, look up, verify and ask. */
export function define(command: Command, cli: Cli): void {
  const issue = command.command('issue').description('签发电子证照(不经办件) / issue one outside a case');
  issue.argument('<file>', "证照内容 JSON,'-' 为标准输入 / its content, '-' for the standard input");
  issue.option('--out <file>', '证照另存为 / save the certificate as');
  handle<OutOptions>(gatewayOption(issue), cli, async ({ gateway, out }, file) => {
    const content = await readJson(file!, 'the content', cli.stdin);
    const client = await connect(gateway, cli.clock);
    return recordAnswer(await client.post<CertificateRecord>('/v1/certificates', content), out);
  });

  const show = command.command('show').description('查看电子证照 / show one of the library');
  show.argument('<identifier>', '电子证照标识 / identifier');
  show.option('--out <file>', '证照另存为 / save the certificate as');
  handle<OutOptions>(gatewayOption(show), cli, async ({ gateway, out }, identifier) => {
    const client = await connect(gateway, cli.clock);
    return recordAnswer(await client.get<CertificateRecord>(path`/v1/certificates/${identifier!}`), out);
  });

  const pdf = command.command('pdf').description('生成电子证照 PDF / save one of ours as a signed PDF');
  pdf.argument('<identifier>', '电子证照标识 / identifier');
  pdf.requiredOption('--out <file>', '存为 / save as');
  handle<GatewayOptions & { out: string }>(gatewayOption(pdf), cli, async ({ gateway, out }, identifier) => {
    const client = await connect(gateway, cli.clock);
    const size = await save(await client.download(path`/v1/certificates/${identifier!}/pdf`), out);
    return { json: { identifier, out, size }, text: `已保存 / saved: ${plain(out)} (${humanSize(size)})\n` };
  });

  const status = command
    .command('status')
    .description('变更电子证照状态(暂停、恢复、注销、撤销、吊销) / change the status of one of ours');
  status
    .argument('<identifier>', '电子证照标识 / identifier')
    .argument('<status>', `新状态 / new status: ${STATUS_WORDS.join(', ')}`);
  status.requiredOption('--reason <text>', '理由 / reason');
  handle<GatewayOptions & { reason: string }>(gatewayOption(status), cli, async (options, identifier, next) => {
    const client = await connect(options.gateway, cli.clock);
    const body = { status: next, reason: options.reason };
    return recordAnswer(await client.post<CertificateRecord>(path`/v1/certificates/${identifier!}/status`, body));
  });

  const verify = command.command('verify').description('离线核验电子证照 / verify one offline');
  verify.argument('<file>', '电子证照文件或其 PDF / certificate, or its PDF');
  verify.requiredOption('--statement <file...>', '可信的地区声明 / statements of the regions that are trusted');
  verify
    .option(
      '--status-list <file|dir>',
      '已下载的状态列表;设此项则必须证明状态 / status lists at hand: the status must be proved',
    )
    .addOption(
      new Option('--max-age <time>', '状态列表最长可用多久 / how old the list may be')
        .argParser(duration)
        .default(86_400, '24h'),
    );
  handle<VerifyOptions>(verify, cli, async ({ statement, statusList, maxAge }, file) => {
    const { verifyCertificateFile } = await import('../verify-certificate.ts');
    const cached = statusList === undefined ? undefined : { path: statusList, maxAgeMs: maxAge * 1000 };
    return verifyCertificateFile(await readCertificateFile(file!), statement, cli.clock.now(), cached);
  });

  const lists = command.command('status-list').description('证照状态列表 / the status lists of our certificates');
  const exported = lists
    .command('export')
    .description('导出为静态文件,供任意网站发布 / write them as files for any web server');
  exported.argument('<dir>', '目录 / folder');
  handle<GatewayOptions>(gatewayOption(exported), cli, async ({ gateway }, folder) => {
    const { exportStatusLists } = await import('../export-status-lists.ts');
    return exportStatusLists(await connect(gateway, cli.clock), folder!);
  });

  const check = command.command('check').description('向签发地区核查电子证照 / ask the issuing region');
  check
    .option('--region <code>', '签发地区 / issuing region')
    .option('--identifier <identifier>', '电子证照标识 / identifier')
    .option('--qr <text>', '二维码内容,代替地区和标识 / text of its QR code, instead of region and identifier')
    .option('--certificate <file>', '持有的证照,只发送其摘要 / the certificate at hand; only its digest is sent')
    .addOption(new Option('--field <key...>', '要求返回的照面字段 / fields to be told'))
    .option('--purpose <text>', '用途 / purpose')
    .addOption(
      new Option('--file <list>', '批量核查,每行一个 JSON / a list of questions, one JSON a line').conflicts([
        'region',
        'identifier',
        'qr',
        'certificate',
        'field',
        'purpose',
      ]),
    )
    .option('--out <file>', '批量答复另存为 / save the answers to a list as');
  handle<CheckOptions>(gatewayOption(check), cli, async (options) => {
    const { checkList, checkOne } = await import('../check-certificates.ts');
    const { gateway, file, out, region, identifier, qr, purpose, field: fields } = options;
    const held = options.certificate === undefined ? undefined : await certificateIn(options.certificate);
    const client = await connect(gateway, cli.clock);
    if (file !== undefined) return checkList(client, file, out);
    if (purpose === undefined) throw new CodedError('VALIDATION_FAILED', '--purpose says why it is asked (用途)');
    return checkOne(client, { region, identifier, qr, purpose, certificate: held, fields });
  });
}

async function recordAnswer(record: CertificateRecord, out?: string): Promise<Answer> {
  const { identifier, issuer, status, reason, digest, text: certificate, qr } = record;
  const notes: string[] = [];
  if (out !== undefined) {
    if (certificate === undefined) notes.push('没有证照原文可存 / the gateway gave no certificate to save');
    else await writeText(resolve(out), certificate, 0o600);
  }
  const shown = pairs([
    ['标识 Identifier', identifier],
    ['签发地区 Issuer', issuer],
    ['状态 Status', status],
    ['理由 Reason', reason],
    ['摘要 Digest', digest],
    ['二维码 QR', qr],
    ['文件 File', certificate === undefined ? undefined : out],
  ]);
  return { json: record, text: shown, notes, exit: notes.length > 0 ? 1 : 0 };
}

async function certificateIn(file: string): Promise<string> {
  return (await readText(file, MAX_CERTIFICATE_BYTES)).trim();
}
