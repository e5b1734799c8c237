import type { Command } from 'commander';
import { type Cli, handle } from '../command.ts';
import { type GatewayOptions, gatewayOption, type PassphraseOptions, passphraseOption } from '../options.ts';

/** `tongban doctor`: says in plain words what is wrong with a gateway. */
export function define(command: Command, cli: Cli): void {
  passphraseOption(gatewayOption(command));
  handle<GatewayOptions & PassphraseOptions>(command, cli, async (options) => {
    const { examine } = await import('../doctor/doctor.ts');
    return examine(options, cli);
  });
}
