import { resolve } from 'node:path';
import { CodedError } from '#proto';
import { readPassphrase } from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import type { CliContext } from './command.ts';
import type { PassphraseOptions } from './options.ts';

/**
 * Finds the passphrase of a gateway's keys: the file of the option, else that of the config, else the environment, else
 * whoever sits at the terminal is asked.
 *
 * @param config undefined when there are no keys yet: a new passphrase is asked for twice, since a slip would lock them
 * @throws CodedError CONFIG_INVALID saying how to give one
 */
export function passphraseOf(
  config: { readonly keys: Pick<GatewayConfig['keys'], 'passphraseFile'> } | undefined,
  options: PassphraseOptions,
  { passphrase, askHidden }: Pick<CliContext, 'passphrase' | 'askHidden'>,
): ReturnType<typeof readPassphrase> {
  const given = options.passphraseFile === undefined ? undefined : resolve(options.passphraseFile);
  return readPassphrase({
    file: given ?? config?.keys.passphraseFile,
    env: passphrase,
    ask: askHidden && (() => (config ? askHidden(QUESTION) : askTwice(askHidden))),
  });
}

const QUESTION = '密钥口令(不显示) / passphrase of the keys (not shown): ';
const NEW = '设定密钥口令(不显示) / new passphrase for the keys (not shown): ';
const AGAIN = '再输入一次 / the same again: ';

async function askTwice(ask: NonNullable<CliContext['askHidden']>): Promise<string> {
  const first = await ask(NEW);
  if ((await ask(AGAIN)) === first) return first;
  throw new CodedError('CONFIG_INVALID', 'the two passphrases differ; nothing was done');
}
