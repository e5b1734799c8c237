import { isAbsolute, relative, resolve } from 'node:path';
import { CodedError } from '#proto';
import { fingerprintOf, moveIdentityKey } from '#trust';
import type { Answer, Cli } from '../command.ts';
import { chinaTime, pairs, plain } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import { currentStatement, demandSameIdentity, identityIfHere } from '../own-statement.ts';
import { passphraseOf } from '../passphrase.ts';

/** `tongban key move-identity`: carries the identity key to a medium that goes into a safe. */
export async function moveIdentity(
  target: string,
  options: GatewayOptions & PassphraseOptions,
  cli: Cli,
): Promise<Answer> {
  const config = await configIn(options.gateway);
  const to = resolve(target);
  if (isInside(config.data, to))
    throw new CodedError('VALIDATION_FAILED', `${to} is in the folder of the gateway; name the medium that goes away`);
  const { passphrase, warnings } = await passphraseOf(config, options, cli);
  const statement = await currentStatement(config);
  demandSameIdentity(await identityIfHere(config, passphrase), statement);
  const file = await moveIdentityKey(config.keys.directory, to, passphrase);
  const { region, name, identity, serial, expiresAt } = statement;
  const fingerprint = fingerprintOf(identity);
  return {
    json: { file, fingerprint, region, serial, expiresAt },
    text: `${pairs([['已移至 Moved to', file]])}
写在信封上 / write on the envelope:
${pairs([
  ['地区 Region', `${region} ${name}`],
  ['身份密钥 Identity key', fingerprint],
  ['移出日期 Moved', chinaTime(cli.clock.now())],
])}
口令另存一处:没有口令,此文件打不开 / keep the passphrase in another place: without it the file cannot be opened
此文件没有第二份,请另备一份介质 / there is no other copy now: keep a second medium
声明 ${serial} 至 ${chinaTime(expiresAt)};到期前须用此密钥签署下一份 / the next statement must be signed with it before then:
  tongban statement request --out statement-request.json
要带回本机,把文件放回 / to bring it back, put the file into:  ${plain(config.keys.directory)}
`,
    notes: warnings,
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way.startsWith('..') || isAbsolute(way));
}
