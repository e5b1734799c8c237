import { join } from 'node:path';
import { CodedError } from '#proto';
import { holdsKey, openFileKeyStore, type RegionStatement, readKeyFolder, type Signer, verifyStatement } from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import { issueNext, nextContent, purposesWithoutKey } from '../keyring/next-statement.ts';
import { demandContent, type StatedPurpose } from '../keyring/successor.ts';
import { previewOf, requestText } from './ceremony/request-file.ts';
import { connect } from './client.ts';
import type { Answer, Cli, ExitCode } from './command.ts';
import { exitCodeOf } from './exit-code.ts';
import { writeText } from './files.ts';
import { chinaTime, plain } from './format.ts';
import { readOwnStatement } from './gateway-folder.ts';

/** What became of the next statement: it is made, or its request waits for the identity key in its safe. */
export type Announced =
  | { readonly kind: 'issued'; readonly statement: RegionStatement; readonly told: Told }
  | { readonly kind: 'requested'; readonly file: string };

/** The same after new keys were made; or it waits for those of other purposes, whose keys have all ended. */
export type AnnouncedNew = Announced | { readonly kind: 'waiting'; readonly missing: readonly StatedPurpose[] };

/** Whether the running gateway took the new statement over. */
export type Told =
  | { readonly by: 'running' }
  | { readonly by: 'stopped' }
  | { readonly by: 'refusing'; readonly error: CodedError };

/**
 * The identity key; undefined when it is away. Ask before anything is changed: a wrong passphrase shows here.
 *
 * @throws CodedError PASSPHRASE_WRONG, KEY_MISSING when the file holds another key, CONFLICT when it is not the one that
 *   signed our statement
 */
export async function identityIfHere(config: GatewayConfig, passphrase: string): Promise<Signer | undefined> {
  const { directory } = config.keys;
  const info = (await readKeyFolder(directory)).keys.findLast(({ purpose }) => purpose === 'identity');
  if (!info || !(await holdsKey(directory, info))) return undefined;
  return (await openFileKeyStore(directory, passphrase)).signer('identity');
}

/** @throws CodedError CONFLICT when an identity key was made that did not sign our statement yet */
export function demandSameIdentity(identity: Signer | undefined, current: RegionStatement): void {
  if (identity && identity.kid !== current.identity)
    throw new CodedError(
      'CONFLICT',
      'there is a newer identity key that did not sign the statement yet; finish that first: tongban statement --renew --new-identity',
    );
}

/** Seconds that an old key must still be good for while a statement is carried to the safe and back. */
const CEREMONY_SECONDS = 86_400;

/**
 * @param overlap seconds
 * @throws CodedError VALIDATION_FAILED when the old key would end before the statement can be back
 */
export function demandOverlap(identity: Signer | undefined, overlap: number): void {
  if (!identity && overlap < CEREMONY_SECONDS)
    throw new CodedError(
      'VALIDATION_FAILED',
      'the identity key is not on this machine: --overlap must be at least 1d, so that the statement can be signed and brought back before the old key ends',
    );
}

/** Our statement as it is. */
export async function currentStatement(config: GatewayConfig): Promise<RegionStatement> {
  return verifyStatement(await readOwnStatement(config));
}

/** Where the request lies that `tongban key` writes when the identity key is away. */
export function requestFile(data: string): string {
  return join(data, 'statement-request.json');
}

/**
 * Announces keys that were changed.
 *
 * @throws CodedError as `makeNext`, saying how to go on, since the keys are changed already
 */
export async function announce(...next: Parameters<typeof makeNext>): Promise<Announced> {
  try {
    return await makeNext(...next);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const [, , identity, , newIdentity] = next;
    const renew = `tongban statement --renew${newIdentity ? ' --new-identity' : ''}`;
    const goOn = identity ? renew : 'tongban statement request --out FILE';
    const message = `${error.message}; THE KEYS ARE CHANGED ALREADY: mend this, then go on with: ${goOn}`;
    throw new CodedError(error.code, message, error.problems, { cause: error });
  }
}

/**
 * Announces new keys, unless another purpose is left without any: they are in the folder, and wait for those.
 *
 * @throws CodedError as `announce`
 */
export async function announceNew(...next: Parameters<typeof makeNext>): Promise<AnnouncedNew> {
  const [, config, , cli] = next;
  const missing = await purposesWithoutKey(config, await currentStatement(config), cli.clock.now());
  return missing.length > 0 ? { kind: 'waiting', missing } : announce(...next);
}

/**
 * Makes the next statement and has the running gateway use it; where the identity key is away, writes what is to be
 * signed into the folder of the gateway.
 *
 * @param gateway folder of the gateway, as the user named it
 * @param identity undefined when it is away
 * @throws CodedError as `issueNext` or `demandContent`; nothing has changed then
 */
export async function makeNext(
  gateway: string,
  config: GatewayConfig,
  identity: Signer | undefined,
  cli: Cli,
  newIdentity = false,
): Promise<Announced> {
  const now = cli.clock.now();
  if (!identity) {
    const file = requestFile(config.data);
    await writeRequest(config, file, now);
    return { kind: 'requested', file };
  }
  const statement = await issueNext(config, { identity, now, newIdentity });
  return { kind: 'issued', statement, told: await tellGateway(gateway, cli) };
}

/** Writes what the holder of the identity key is to sign. @param now milliseconds */
export async function writeRequest(config: GatewayConfig, file: string, now: number): Promise<RegionStatement> {
  const current = await currentStatement(config);
  const content = await nextContent(config, current, now);
  const preview = await previewOf(content);
  const { keys } = await readKeyFolder(config.keys.directory);
  demandContent(preview, { current, keys, now });
  await writeText(file, requestText(current, content), 0o644);
  return preview;
}

/** Has the running gateway take over keys and statement. */
export async function tellGateway(gateway: string, cli: Cli): Promise<Told> {
  try {
    await (await connect(gateway, cli)).post('/v1/statement/reload');
    return { by: 'running' };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.code === 'GATEWAY_UNREACHABLE' ? { by: 'stopped' } : { by: 'refusing', error };
  }
}

/** What people are told of the next statement, and what they have to do now. */
export function announcedText(announced: AnnouncedNew): string {
  if (announced.kind === 'requested') return ceremonyText(announced.file);
  if (announced.kind === 'waiting') return waitingText(announced.missing);
  const { serial, expiresAt } = announced.statement;
  const issued = `已签发声明 ${serial},至 ${chinaTime(expiresAt)} / statement ${serial} is issued, until ${chinaTime(expiresAt)}\n`;
  return issued + TOLD[announced.told.by];
}

/** The same in words. */
export const TOLD: Readonly<Record<Told['by'], string>> = {
  running: '运行中的网关已启用,自动送达对端 / the running gateway uses it and sends it to the peers\n',
  stopped: '网关未运行:启动后启用并送达对端 / the gateway does not run; it will use it when started: tongban start\n',
  refusing: '运行中的网关没有启用! / THE RUNNING GATEWAY DID NOT TAKE IT\n',
};

function ceremonyText(file: string): string {
  return `
尚未生效 / NOT IN FORCE YET
身份密钥不在本机,须由其保管人签署 / the identity key is not on this machine, its keeper has to sign:
  1. 把申请拷到离线机 / carry the request to the offline machine:  ${plain(file)}
  2. 查看,核对无误后加 --yes 签署 / look at it there, then sign it with --yes:
     tongban statement sign statement-request.json --identity identity-….pem --out statement.jwt
  3. 带回安装 / carry it back and install it:  tongban statement install statement.jwt
`;
}

function waitingText(missing: readonly StatedPurpose[]): string {
  return `
尚未生效 / NOT IN FORCE YET
这些用途的密钥都已过期,声明须等它们更换 / all keys of these purposes have ended, and the statement waits for new ones: ${missing.join(', ')}
  tongban key rotate ${missing.join(' ')}
保管在别处的用 / those that are kept elsewhere: tongban key adopt …
`;
}

/** As a member of the JSON answer. */
export function announcedJson(announced: AnnouncedNew): object {
  if (announced.kind === 'requested') return { inForce: false, request: announced.file };
  if (announced.kind === 'waiting') return { inForce: false, waitsFor: announced.missing };
  const { statement, told } = announced;
  return {
    inForce: told.by === 'running',
    serial: statement.serial,
    expiresAt: statement.expiresAt,
    gateway: told.by,
  };
}

/** The exit code of a command that announced something, and what went wrong with it. */
export function announcedEnd(announced: AnnouncedNew): Pick<Answer, 'exit' | 'notes'> {
  return announced.kind === 'issued' ? toldEnd(announced.told) : {};
}

/** The same for a statement that came from elsewhere. */
export function toldEnd(told: Told): { readonly exit?: ExitCode; readonly notes?: readonly string[] } {
  if (told.by !== 'refusing') return {};
  const { code, message } = told.error;
  return { exit: exitCodeOf(code), notes: [`${code} ${message}`] };
}
