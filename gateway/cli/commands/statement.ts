import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CodedError } from '#proto';
import { fingerprintOf, issueOwnStatement, openFileKeyStore, type RegionStatement, verifyStatement } from '#trust';
import type { GatewayConfig } from '../../config/config.ts';
import { statementFile } from '../../config/config.ts';
import { type Answer, type Cli, handle } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, pairs } from '../format.ts';
import { configIn, readOwnStatement } from '../gateway-folder.ts';
import { STATEMENT_LIFETIME_MS } from '../new-gateway.ts';
import { type GatewayOptions, gatewayOption, type PassphraseOptions, passphraseOption } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';

interface StatementOptions extends GatewayOptions, PassphraseOptions {
  readonly out?: string;
  readonly renew?: boolean;
}

/** `tongban statement`: shows our own statement, or issues the next one, offline. */
export function define(command: Command, cli: Cli): void {
  gatewayOption(command)
    .option('--out <file>', '另存为文件 / save it as a file')
    .option('--renew', '按当前配置续签一年(需身份密钥);重启网关后自动送达对端 / issue the next one for a year');
  handle<StatementOptions>(passphraseOption(command), cli, (options) => statement(options, cli));
}

async function statement(options: StatementOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(options.gateway);
  const current = await verifyStatement(await readOwnStatement(config));
  const shown = options.renew ? await renew(config, current, options, cli) : current;
  const { region, name, serial, identity, endpoint, expiresAt, jwt } = shown;
  const fingerprint = fingerprintOf(identity);
  if (options.out !== undefined) await writeText(resolve(options.out), `${jwt}\n`, 0o644);
  const text = pairs([
    ['地区 Region', `${region} ${name}`],
    ['指纹 Fingerprint', fingerprint],
    ['序号 Serial', serial],
    ['对端地址 Endpoint', endpoint],
    ['有效期至 Until', chinaTime(expiresAt)],
    ['文件 File', options.out],
  ]);
  return {
    json: { region, name, fingerprint, serial, endpoint, expiresAt, statement: jwt, out: options.out },
    text: options.out === undefined ? `${text}\n${jwt}\n` : text,
    notes: options.renew
      ? ['请重启网关,新声明将自动送达各对端 / restart the gateway: it sends the statement to the peers']
      : [],
  };
}

async function renew(
  config: GatewayConfig,
  current: RegionStatement,
  options: StatementOptions,
  cli: Cli,
): Promise<RegionStatement> {
  const { passphrase } = await passphraseOf(config, options, cli);
  const keys = await openFileKeyStore(config.keys.directory, passphrase);
  const now = cli.clock.now();
  const jwt = await issueOwnStatement(keys, {
    region: config.region,
    name: config.name,
    serial: current.serial + 1,
    previous: current.digest.toString('base64url'),
    issuedAt: now,
    expiresAt: now + STATEMENT_LIFETIME_MS,
    endpoint: config.peer.endpoint,
    contacts: current.contacts,
  });
  const renewed = await verifyStatement(jwt);
  if (renewed.identity !== current.identity)
    throw new CodedError('KEY_MISSING', 'the identity key is another than that of the current statement');
  await writeText(statementFile(config.data), `${jwt}\n`, 0o644);
  return renewed;
}
