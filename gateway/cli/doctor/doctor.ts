import { CodedError } from '#proto';
import type { GatewayConfig } from '../../config/config.ts';
import type { Answer, Cli } from '../command.ts';
import { plain } from '../format.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';
import { checkKeys, checkStatement } from './check-keys.ts';
import { checkRunning } from './check-running.ts';
import { checkClock, checkDisk, checkStore } from './check-store.ts';
import { type Finding, fine, type Level, warning, wrongBecause } from './finding.ts';

type DoctorOptions = GatewayOptions & PassphraseOptions;

/** Looks at everything that a gateway needs; goes on after a fault as far as that makes sense. */
export async function examine(options: DoctorOptions, cli: Cli): Promise<Answer> {
  const findings = await findingsOf(options, cli);
  const healthy = findings.every(({ level }) => level !== 'wrong');
  return { json: { healthy, findings }, text: reportText(findings, healthy), exit: healthy ? 0 : 1 };
}

async function findingsOf(options: DoctorOptions, cli: Cli): Promise<Finding[]> {
  let config: GatewayConfig;
  try {
    config = await configIn(options.gateway);
  } catch (error) {
    return [wrongBecause('config', '配置有误', error)];
  }
  const now = cli.clock.now();
  const { passphrase, findings: ofPassphrase } = await passphraseIfGiven(config, options, cli);
  const { findings: ofStatement, statement } = await checkStatement(config, now);
  const { findings: ofStore, newestEntryAt } = await checkStore(config);
  return [
    fine('config', `配置无误:${config.region} ${config.name}`, 'the configuration is right'),
    ...ofPassphrase,
    ...(await checkKeys(config, passphrase, now)),
    ...ofStatement,
    ...ofStore,
    await checkDisk(config),
    checkClock(now, [statement?.issuedAt, newestEntryAt]),
    ...(await checkRunning(options.gateway, cli.clock)),
  ];
}

/** Without any passphrase the rest can still be looked at; one that was given and cannot be read is a fault. */
async function passphraseIfGiven(
  config: GatewayConfig,
  options: DoctorOptions,
  cli: Cli,
): Promise<{ passphrase?: string; findings: Finding[] }> {
  const given = options.passphraseFile ?? config.keys.passphraseFile ?? cli.passphrase;
  if (!given) return { findings: [] };
  try {
    const { passphrase, warnings } = await passphraseOf(config, options, cli);
    const findings = warnings.map((words) => warning('passphrase', '口令文件他人可读;请 chmod 600', words));
    return { passphrase, findings };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { findings: [wrongBecause('passphrase', '读不到口令', error)] };
  }
}

const MARKS: Readonly<Record<Level, string>> = {
  fine: '正常 ok     ',
  warning: '注意 warning',
  wrong: '错误 WRONG  ',
  skipped: '略过 skipped',
};

function reportText(findings: readonly Finding[], healthy: boolean): string {
  const lines = findings.map(({ level, zh, en }) => `${MARKS[level]}  ${plain(zh)}\n              ${plain(en)}\n`);
  const verdict = healthy ? '没有发现错误 / nothing is wrong' : '有错误需要处理 / something is wrong';
  return `${lines.join('')}\n${verdict}\n`;
}
