import type { Command } from 'commander';
import { connect } from '../client.ts';
import { type Cli, handle } from '../command.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';

interface StampOptions extends GatewayOptions {
  readonly creator: string;
  readonly cause: string;
  readonly until: string;
  readonly field?: string[];
  readonly out: string;
}

/** `stamp` and `copies`: stamped copies of certificates of ours. */
export function defineStamp(command: Command, cli: Cli): void {
  const stamp = command.command('stamp').description('生成加注件 / make a copy for one cause and until a day');
  stamp
    .argument('<identifier>', '电子证照标识 / identifier')
    .requiredOption('--creator <name>', '加注件生成机构 / who makes it')
    .requiredOption('--cause <text>', '加注事由 / what it may be used for')
    .requiredOption('--until <date>', '有效期最后一日 YYYY-MM-DD / its last day')
    .option('--field <name...>', '只含这些可选字段 / only these of the fields that can be kept back')
    .requiredOption('--out <file>', '存为 / save as');
  handle<StampOptions>(gatewayOption(stamp), cli, async ({ gateway, field, ...wish }, identifier) => {
    const { stampCertificate } = await import('../certificate/stamp.ts');
    return stampCertificate(await connect(gateway, cli), identifier!, { ...wish, fields: field });
  });

  const copies = command.command('copies').description('加注件生成记录 / which copies were made of one of ours');
  copies.argument('<identifier>', '电子证照标识 / identifier');
  handle<GatewayOptions>(gatewayOption(copies), cli, async ({ gateway }, identifier) => {
    const { listCopies } = await import('../certificate/stamp.ts');
    return listCopies(await connect(gateway, cli), identifier!);
  });
}
