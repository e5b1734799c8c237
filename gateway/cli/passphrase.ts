import { resolve } from 'node:path';
import { readPassphrase } from '#trust';
import type { GatewayConfig } from '../config/config.ts';
import type { CliContext } from './command.ts';
import type { PassphraseOptions } from './options.ts';

/**
 * Finds the passphrase of a gateway's keys: the file of the option, else that of the config, else the environment.
 *
 * @throws CodedError CONFIG_INVALID saying how to give one
 */
export function passphraseOf(
  config: GatewayConfig | undefined,
  options: PassphraseOptions,
  context: CliContext,
): ReturnType<typeof readPassphrase> {
  const given = options.passphraseFile === undefined ? undefined : resolve(options.passphraseFile);
  return readPassphrase({ file: given ?? config?.keys.passphraseFile, env: context.passphrase });
}
