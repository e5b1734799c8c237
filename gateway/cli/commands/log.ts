import type { Command } from 'commander';
import { readAuthorities, verifyStatement } from '#trust';
import { archivedRecords } from '../../archive/archived-records.ts';
import { type LogReport, verifyLog } from '../../evidence/verify-log.ts';
import type { Reader } from '../../store/store.ts';
import { type Answer, type Cli, type CommonOptions, handle } from '../command.ts';
import { readText } from '../files.ts';
import { chinaTime, pairs, table } from '../format.ts';
import { configIn, readOwnStatement } from '../gateway-folder.ts';
import { inSnapshot } from '../log-snapshot.ts';
import { type GatewayOptions, gatewayOption, type PassphraseOptions, passphraseOption } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';
import { faultTable, publishOwnLog, verifyPublishedLog } from '../published-log.ts';

interface VerifyOptions extends GatewayOptions, PassphraseOptions {
  readonly published?: string;
  readonly region?: string[];
  readonly seenBy?: string;
  readonly archive?: string;
}

interface PublishCommandOptions extends GatewayOptions, CommonOptions {
  readonly out: string;
  readonly newest?: boolean;
  readonly entries?: boolean;
}

const MAX_PEM_BYTES = 1024 * 1024;
const LOCKED = '正文已加密,用 --passphrase-file 一并核对 / encrypted: give the passphrase to check them too';

/** `tongban log`: the evidence log of this gateway. */
export function define(command: Command, cli: Cli): void {
  const { environment = {} } = cli;
  const verify = command
    .command('verify')
    .description(
      '离线复核存证日志(网关可在运行),或已发布的日志 / recompute the log from the database, or a published one',
    );
  verify
    .option('--published <dir>', '复核该目录中已发布的日志 / recheck the published log in this folder instead')
    .option(
      '--region <statement...>',
      '日志所属地区及见证地区的声明文件 / statement files of its region and of witnesses',
    )
    .option('--archive <dir>', '归档卷所在目录,已移走时指定 / folder of the volumes of the archive, when it was moved')
    .option('--seen-by <dir>', '与该网关所见比对 / compare with what the gateway in this folder saw');
  handle<VerifyOptions>(passphraseOption(gatewayOption(verify)), cli, (options) =>
    options.published === undefined
      ? verifyOwnLog(options, cli)
      : verifyPublishedLog(options.published, options.region ?? [], options.seenBy, environment),
  );

  const publish = command
    .command('publish')
    .description('把存证日志发布为静态文件(C2SP tlog-tiles) / publish the log as static files for any web server');
  publish
    .requiredOption('--out <dir>', '发布目录 / folder to publish into')
    .option('--newest', '发布最新状态,不等见证 / the newest state, countersigned or not')
    .option('--entries', '同时发布条目(含对端与时间,不含个人信息) / the entries too: peers and times, no persons');
  handle<PublishCommandOptions>(gatewayOption(publish), cli, ({ gateway, out, newest, entries }) =>
    publishOwnLog(gateway, environment, out, { newest: newest ?? false, entries: entries ?? false }),
  );
}

async function verifyOwnLog(options: VerifyOptions, cli: Cli): Promise<Answer> {
  const { gateway, archive } = options;
  const { environment = {}, passphrase } = cli;
  const config = await configIn(gateway);
  // Nobody is asked: the log can be recomputed without its payloads, as by whoever has no keys.
  const given = options.passphraseFile ?? config.keys.passphraseFile ?? passphrase;
  const opening = given
    ? (await passphraseOf(config, options, { passphrase, askHidden: undefined })).passphrase
    : undefined;
  const statement = await verifyStatement(await readOwnStatement(config));
  const { timestamps } = config.evidence;
  const authorities = timestamps ? readAuthorities(await readText(timestamps.caFile, MAX_PEM_BYTES)) : [];
  const archived = archivedRecords([archive ?? config.archive.folder], statement);
  const verify = (read: Reader) => verifyLog(read, statement, authorities, archived, cli.clock.now());
  const report = await inSnapshot(gateway, environment, verify, opening);
  const verified = report.faults.length === 0;
  return { json: { verified, ...report }, text: logText(report), exit: verified ? 0 : 1 };
}

function logText(report: LogReport): string {
  const { region, epoch, size, waiting, records, locked, cosignatures, timestamps, peerStates, unjudged, faults } =
    report;
  const parts = [
    pairs([
      ['结果 Result', faults.length === 0 ? '核验通过 VERIFIED' : '核验未通过 NOT VERIFIED'],
      ['日志 Log', `${region}/${epoch}`],
      ['已收录 In the tree', size],
      ['待收录 Waiting', waiting],
      ['对应记录 Records', records],
      ['加密未核 Not opened', locked > 0 ? `${locked}(${LOCKED})` : ''],
      ['见证签名 Countersignatures', cosignatures],
      ['时间戳 Timestamps', timestamps],
      ['所持对端状态 States of peers', peerStates],
      ['无声明可核 Not judged', unjudged.join(' ')],
    ]),
  ];
  if (report.alarms.length > 0) parts.push(alarmTable(report));
  if (faults.length > 0) parts.push(faultTable(faults));
  return parts.join('\n');
}

function alarmTable({ alarms }: LogReport): string {
  return table(
    ['告警 Alarm', '日志 Log', '出示方 Via', '首次 First', '最近 Last', '次数 Times'],
    alarms.map(({ kind, region, via, first_at, last_at, times }) => [
      kind,
      region,
      via,
      chinaTime(first_at),
      chinaTime(last_at),
      String(times),
    ]),
    '',
  );
}
