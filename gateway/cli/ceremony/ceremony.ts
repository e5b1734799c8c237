import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CodedError } from '#proto';
import {
  fingerprintOf,
  issueStatement,
  openIdentityFile,
  type RegionStatement,
  readKeyFolder,
  verifyStatement,
} from '#trust';
import { replaceStatement } from '../../keyring/statement-file.ts';
import { demandSuccessor } from '../../keyring/successor.ts';
import type { Words } from '../../standing/runbooks.ts';
import type { Answer, Cli, CommonOptions } from '../command.ts';
import { writeText } from '../files.ts';
import { chinaTime, pairs, plain } from '../format.ts';
import { configIn, readStatementText } from '../gateway-folder.ts';
import { shortKid } from '../keys/words.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import { currentStatement, requestFile, TOLD, tellGateway, toldEnd, writeRequest } from '../own-statement.ts';
import { passphraseOf } from '../passphrase.ts';
import { changesBetween, identityChange } from './changes.ts';
import { readRequest } from './request-file.ts';

export interface RequestOptions extends GatewayOptions {
  readonly out: string;
}

export interface SignOptions extends CommonOptions, PassphraseOptions {
  readonly identity: string;
  readonly out: string;
  readonly yes?: boolean;
  readonly newIdentity?: boolean;
}

export interface InstallOptions extends GatewayOptions {
  readonly newIdentity?: boolean;
}

/** `tongban statement request`: what the keeper of the identity key is to sign. */
export async function request({ gateway, out }: RequestOptions, cli: Cli): Promise<Answer> {
  const config = await configIn(gateway);
  const current = await currentStatement(config);
  const file = resolve(out);
  const next = await writeRequest(config, file, cli.clock.now());
  const changes = changesBetween(current, next);
  return {
    json: { file, serial: next.serial, changes },
    text: `${changesText(changes)}\n已写入 / written:  ${plain(file)}\n下一步 / next:  tongban statement sign ${plain(out)} --identity identity-….pem --out statement.jwt\n`,
  };
}

/**
 * `tongban statement sign`: on a machine without a network and without a gateway. Shows what changes; signs when told so.
 */
export async function sign(requestPath: string, options: SignOptions, cli: Cli): Promise<Answer> {
  const { current, content, preview } = await readRequest(requestPath);
  const { passphrase, warnings } = await passphraseOf({ keys: { passphraseFile: undefined } }, options, cli);
  const identity = await openIdentityFile(resolve(options.identity), passphrase);
  if (identity.kid !== current.identity && !options.newIdentity)
    throw new CodedError(
      'FINGERPRINT_MISMATCH',
      `the current statement was signed by the identity ${fingerprintOf(current.identity)}, and this key is ${fingerprintOf(identity.kid)}; give the right key file, or --new-identity if every peer will pin this region again`,
    );
  const changes = [...identityChange(current, identity.kid), ...changesBetween(current, preview)];
  const facts = pairs([
    ['地区 Region', `${current.region} ${current.name}`],
    ['身份密钥 Identity key', fingerprintOf(identity.kid)],
  ]);
  const json = { region: current.region, serial: preview.serial, fingerprint: fingerprintOf(identity.kid), changes };
  if (!options.yes)
    return {
      json: { ...json, signed: false },
      text: `${facts}\n${changesText(changes)}\n没有签署。核对无误后加 --yes / NOTHING WAS SIGNED. If this is right, add --yes\n`,
      notes: warnings,
    };
  const { jwt, expiresAt } = await verifyStatement(await issueStatement(identity, content));
  const file = resolve(options.out);
  await writeText(file, `${jwt}\n`, 0o644);
  return {
    json: { ...json, signed: true, file, expiresAt, statement: jwt },
    text: `${facts}\n${changesText(changes)}\n已签署 / signed:  ${plain(file)} (至 until ${chinaTime(expiresAt)})\n下一步,在网关上 / next, at the gateway:  tongban statement install statement.jwt\n`,
    notes: warnings,
  };
}

/** `tongban statement install`: brings back what was signed elsewhere. */
export async function install(file: string, options: InstallOptions, cli: Cli): Promise<Answer> {
  const { gateway, newIdentity = false } = options;
  const config = await configIn(gateway);
  const next = await verifyStatement(await readStatementText(file));
  const { keys } = await readKeyFolder(config.keys.directory);
  let before: RegionStatement | undefined;
  await replaceStatement(config.data, async (current) => {
    before = current;
    demandSuccessor(next, { current, keys, now: cli.clock.now(), newIdentity });
    return next;
  });
  await rm(requestFile(config.data), { force: true });
  const told = await tellGateway(gateway, cli);
  const changes = [...identityChange(before!, next.identity), ...changesBetween(before!, next)];
  const { serial, expiresAt, identity } = next;
  const named = new Set(next.keys.map(({ kid }) => kid));
  const waiting = keys.filter(({ kid, purpose }) => purpose !== 'identity' && purpose !== 'tls' && !named.has(kid));
  const { exit, notes = [] } = toldEnd(told);
  return {
    json: { serial, expiresAt, fingerprint: fingerprintOf(identity), changes, gateway: told.by },
    text: `${changesText(changes)}\n已安装声明 ${serial} / statement ${serial} is installed\n${TOLD[told.by]}`,
    notes: [...notes, ...waiting.map(({ kid }) => waits(shortKid(kid)))],
    ...(exit !== undefined && { exit }),
  };
}

function changesText(changes: readonly Words[]): string {
  return changes.map(({ zh, en }) => `  · ${plain(zh)}\n    ${plain(en)}\n`).join('');
}

function waits(kid: string): string {
  return `密钥 ${kid} 未列入此声明,须再申请一次 / the key ${kid} is not in this statement; make another request`;
}
