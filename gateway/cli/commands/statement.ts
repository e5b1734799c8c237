import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fingerprintOf, type RegionStatement } from '#trust';
import type { InstallOptions, RequestOptions, SignOptions } from '../ceremony/ceremony.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, pairs } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import { type GatewayOptions, gatewayOption, type PassphraseOptions, passphraseOption } from '../options.ts';
import {
  announcedEnd,
  announcedJson,
  announcedText,
  currentStatement,
  demandSameIdentity,
  identityIfHere,
  makeNext,
} from '../own-statement.ts';
import { passphraseOf } from '../passphrase.ts';

interface StatementOptions extends GatewayOptions, PassphraseOptions {
  readonly out?: string;
  readonly renew?: boolean;
  readonly newIdentity?: boolean;
}

const NEW_IDENTITY =
  '允许更换身份密钥:所有对端须重新登记 / another identity key: every peer must pin this region again';

/** `tongban statement`: shows our own statement, or makes the next one, here or with the identity key in its safe. */
export function define(command: Command, cli: Cli): void {
  // The options of the sub-commands have the same names.
  command.enablePositionalOptions();
  gatewayOption(command)
    .option('--out <file>', '另存为文件 / save it as a file')
    .option('--renew', '按当前配置和密钥签发下一份,一年(需身份密钥) / issue the next one, for a year')
    .option('--new-identity', NEW_IDENTITY);
  handle<StatementOptions>(passphraseOption(command), cli, (options) => statement(options, cli));

  const request = command.command('request').description('写出待签申请 / write what the identity key is to sign');
  request.requiredOption('--out <file>', '存为 / save as');
  handle<RequestOptions>(gatewayOption(request), cli, async (options) => {
    return (await import('../ceremony/ceremony.ts')).request(options, cli);
  });

  const sign = command.command('sign').description('离线签署申请 / sign a request, on an offline machine');
  sign.argument('<request>', '申请文件 / file of the request');
  sign.requiredOption('--identity <file>', '身份密钥文件 / file of the identity key');
  sign.requiredOption('--out <file>', '声明存为 / save the statement as');
  sign.option('--yes', '核对无误,签署;不加则只显示变更 / sign it; without this only the changes are shown');
  sign.option('--new-identity', NEW_IDENTITY);
  handle<SignOptions>(passphraseOption(sign), cli, async (options, file) => {
    return (await import('../ceremony/ceremony.ts')).sign(file!, options, cli);
  });

  const install = command
    .command('install')
    .description('安装签好的声明 / install a statement that was signed elsewhere');
  install.argument('<file>', '签好的声明 / the signed statement');
  install.option('--new-identity', NEW_IDENTITY);
  handle<InstallOptions>(gatewayOption(install), cli, async (options, file) => {
    return (await import('../ceremony/ceremony.ts')).install(file!, options, cli);
  });
}

async function statement(options: StatementOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(options.gateway);
  const current = await currentStatement(config);
  if (!options.renew) return shown(current, options.out);
  const { gateway, newIdentity = false } = options;
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const identity = await identityIfHere(config, passphrase);
  if (!newIdentity) demandSameIdentity(identity, current);
  const made = await makeNext(gateway, config, identity, cli, newIdentity);
  const { exit, notes = [] } = announcedEnd(made);
  const more = { notes: [...warnings, ...notes], ...(exit !== undefined && { exit }) };
  if (made.kind === 'requested') return { json: announcedJson(made), text: announcedText(made), ...more };
  const { json, text } = await shown(made.statement, options.out);
  return { json: { ...json, ...announcedJson(made) }, text: `${text}\n${announcedText(made)}`, ...more };
}

async function shown(
  { region, name, serial, identity, endpoint, expiresAt, jwt }: RegionStatement,
  out: string | undefined,
): Promise<{ json: object; text: string }> {
  const fingerprint = fingerprintOf(identity);
  if (out !== undefined) await writeText(resolve(out), `${jwt}\n`, 0o644);
  const text = pairs([
    ['地区 Region', `${region} ${name}`],
    ['指纹 Fingerprint', fingerprint],
    ['序号 Serial', serial],
    ['对端地址 Endpoint', endpoint],
    ['有效期至 Until', chinaTime(expiresAt)],
    ['文件 File', out],
  ]);
  return {
    json: { region, name, fingerprint, serial, endpoint, expiresAt, statement: jwt, out },
    text: out === undefined ? `${text}\n${jwt}\n` : text,
  };
}
