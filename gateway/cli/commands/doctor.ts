import type { Command } from 'commander';
import { type Cli, handle } from '../command.ts';
import type { DoctorOptions } from '../doctor/doctor.ts';
import { gatewayOption, passphraseOption } from '../options.ts';

/** `tongban doctor`: says in plain words what is wrong with a gateway, and what to do. */
export function define(command: Command, cli: Cli): void {
  passphraseOption(gatewayOption(command))
    .option('--offline', '只检查本机,不连网关与对端 / look at this machine only')
    .addHelpText(
      'after',
      '\n对每个对端走一遍真实通路:TCP、TLS、问候、测试报文与签名回执;每处问题都附处理办法和手册页。\n' +
        'Tries the real way to each peer, up to the signed receipt of a test envelope, and says what to do.',
    );
  handle<DoctorOptions>(command, cli, async (options) => {
    const { examine } = await import('../doctor/doctor.ts');
    return examine(options, cli);
  });
}
