import type { Command } from 'commander';
import { backupGateway } from '../backup/backup.ts';
import type { BackupManifest } from '../backup/manifest.ts';
import { declareRestored, restoreGateway } from '../backup/restore.ts';
import { configToRestore } from '../backup/restore-folder.ts';
import { type Cli, handle } from '../command.ts';
import { chinaTime, humanSize, pairs } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import { type GatewayOptions, gatewayOption } from '../options.ts';
import { checkStoreOf, migrateStore } from '../store-check.ts';
import { defineRecovery } from './store-recovery.ts';

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

  const backup = command
    .command('backup')
    .description('备份到新目录(网关可在运行;仅 SQLite) / copy all but the keys into a new folder');
  backup.argument('<dir>', '备份目录,须不存在 / folder that is not there yet');
  backup.option('--with-keys', '连同私钥(须另行妥善保管) / the private keys too; guard it as you guard them');
  handle<GatewayOptions & { withKeys?: boolean }>(
    gatewayOption(backup),
    cli,
    async ({ gateway, withKeys = false }, out) => {
      const json = await backupGateway(await configIn(gateway), out!, { withKeys, now: cli.clock.now() });
      return { json, text: `${manifestView(json)}${withKeys ? '' : KEYS_APART}` };
    },
  );

  const restore = command
    .command('restore')
    .description(
      '核验备份后换入,原库另存(网关须停止;仅 SQLite) / check a backup, put it in place, keep the old database aside',
    );
  restore.argument('<dir>', '备份目录 / folder of the backup');
  handle<GatewayOptions>(gatewayOption(restore), cli, async ({ gateway }, from) => {
    const config = await configToRestore(gateway, from!);
    const { manifest, replaced, laid } = await restoreGateway(config, from!, cli.clock.now());
    const kept = pairs([
      ['原数据库 Database before', replaced],
      ['已放回 Put back', laid.join(' ')],
    ]);
    return { json: { ...manifest, replaced, laid }, text: `${manifestView(manifest)}${kept}${NEXT}` };
  });

  const restored = command
    .command('restored')
    .description(
      '声明数据库已由其他工具恢复(网关须停止) / say that the database was restored by other tools, such as those of PostgreSQL',
    );
  handle<GatewayOptions>(gatewayOption(restored), cli, async ({ gateway }) => {
    await declareRestored(await configIn(gateway), environment, cli.clock.now());
    return { json: { restored: true }, text: `已标记为恢复 / marked as restored\n${NEXT}` };
  });

  defineRecovery(command, cli);
}

const NEXT =
  '下一步:启动网关,它会开始日志新序并向对端补齐 / next: start the gateway; it begins a new epoch and asks its peers\n' +
  '  tongban start\n  tongban store recovery\n';

const KEYS_APART =
  '不含密钥:没有最新的密钥目录,此备份无法恢复 / without keys: nothing can be restored without the newest key folder\n';

function manifestView({
  region,
  taken_at,
  version,
  epoch,
  size,
  bytes,
  material_files,
  volumes,
  volumes_missing,
  storage_key,
  sha256,
}: BackupManifest): string {
  return pairs([
    ['地区 Region', region],
    ['备份时间 Taken at', chinaTime(taken_at)],
    ['结构版本 Version of tables', version],
    ['存证日志 Evidence log', `${region}/${epoch}, ${size}`],
    ['数据库 Database', humanSize(bytes)],
    ['材料文件 Materials', material_files],
    ['归档卷 Volumes', volumes],
    ['不在归档目录,未备份 Volumes not in their folder', volumes_missing || ''],
    ['存储密钥 Storage key', storage_key],
    ['SHA-256', sha256],
  ]);
}
