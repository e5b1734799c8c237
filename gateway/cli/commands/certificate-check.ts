import { type Command, Option } from 'commander';
import { CodedError } from '#proto';
import { connect } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { readText } from '../files.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface CheckOptions extends GatewayOptions {
  readonly region?: string;
  readonly identifier?: string;
  readonly qr?: string;
  readonly certificate?: string;
  readonly field?: readonly string[];
  readonly purpose?: string;
  readonly file?: string;
  readonly out?: string;
  readonly evidence?: string;
}

const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/** `check`: what the issuing region says of a certificate, or of ten thousand. */
export function defineCheck(command: Command, cli: Cli): void {
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
        'evidence',
      ]),
    )
    .option('--evidence <file>', '本次核验的存证包另存为 / save the evidence of this check as')
    .option('--out <file>', '批量答复另存为 / save the answers to a list as');
  handle<CheckOptions>(gatewayOption(check), cli, async (options) => {
    const { checkList, checkOne, demandReference } = await import('../certificate/check.ts');
    const { gateway, file, out, region, identifier, qr, purpose, field: fields } = options;
    if (out !== undefined && file === undefined)
      throw new CodedError(
        'VALIDATION_FAILED',
        '--out 只用于 --file 批量核查;单件核查请用 --evidence 保存存证包 / --out saves the answers to a list: name it with --file, or save the evidence of one check with --evidence',
      );
    if (qr !== undefined) demandReference(qr);
    const held = options.certificate === undefined ? undefined : await certificateIn(options.certificate);
    const client = await connect(gateway, cli);
    if (file !== undefined) return checkList(client, file, out);
    if (purpose === undefined) throw new CodedError('VALIDATION_FAILED', '--purpose says why it is asked (用途)');
    return checkOne(client, { region, identifier, qr, purpose, certificate: held, fields }, options.evidence);
  });
}

async function certificateIn(file: string): Promise<string> {
  return (await readText(file, MAX_CERTIFICATE_BYTES)).trim();
}
