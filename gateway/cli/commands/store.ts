import type { Command } from 'commander';
import { type Cli, handle } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';
import { checkStoreOf, migrateStore } from '../store-check.ts';

/** `tongban store`: the database of this gateway. */
export function define(command: Command, cli: Cli): void {
  const { environment = {} } = cli;
  const check = command
    .command('check')
    .description('通读数据库,核对结构版本(网关可在运行) / read the whole database and compare its version');
  handle<GatewayOptions>(gatewayOption(check), cli, async ({ gateway }) =>
    checkStoreOf((await configIn(gateway)).store, environment),
  );

  const migrate = command
    .command('migrate')
    .description(
      '把表结构升级到本程序的版本(先备份,网关须停止) / bring the tables up to date, with the gateway stopped',
    );
  handle<GatewayOptions>(gatewayOption(migrate), cli, async ({ gateway }) =>
    migrateStore((await configIn(gateway)).store, environment),
  );
}
