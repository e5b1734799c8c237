import { CodedError } from '#proto';
import type { RegionStatement } from '#trust';
import type { GatewayConfig } from '../../config/config.ts';
import type { Answer, Cli } from '../command.ts';
import { configIn } from '../gateway-folder.ts';
import type { GatewayOptions, PassphraseOptions } from '../options.ts';
import { passphraseOf } from '../passphrase.ts';
import { checkAnchors } from './checks/check-anchors.ts';
import { checkApiTls } from './checks/check-api-tls.ts';
import { checkCalendar } from './checks/check-calendar.ts';
import { checkClock } from './checks/check-clock.ts';
import { checkDisks } from './checks/check-disk.ts';
import { checkFolders } from './checks/check-key-folder.ts';
import { checkKeys } from './checks/check-keys.ts';
import { checkPeers } from './checks/check-peers.ts';
import { checkRunning } from './checks/check-running.ts';
import { checkSeals } from './checks/check-seals.ts';
import { checkStatement } from './checks/check-statement.ts';
import { checkStore, type StoreFindings } from './checks/check-store.ts';
import { checkSystem } from './checks/check-system.ts';
import { checkTimestamps } from './checks/check-timestamps.ts';
import { type Finding, fine, type Remedy, skipped, warning, wrongBecause } from './finding.ts';
import { reportText } from './report.ts';

export interface DoctorOptions extends GatewayOptions, PassphraseOptions {
  /** Looks at this machine only. */
  readonly offline?: boolean;
}

const CORRECT_CONFIG: Remedy = {
  zh: '按提示改 gateway.yaml,再运行 doctor',
  en: 'correct gateway.yaml as it says and run doctor again',
  page: 'gateway-down',
};
const CLOSE_PASSPHRASE: Remedy = { zh: 'chmod 600 口令文件', en: 'chmod 600 the file', page: 'key-folder' };
const GIVE_PASSPHRASE: Remedy = {
  zh: '核对口令文件的路径和权限',
  en: 'check the path and the mode of the passphrase file',
  page: 'key-folder',
};

/** Looks at everything that a gateway needs; goes on after a fault as far as that makes sense. */
export async function examine(options: DoctorOptions, cli: Cli): Promise<Answer> {
  const findings = await findingsOf(options, cli);
  const healthy = findings.every(({ level }) => level !== 'wrong');
  return { json: { healthy, findings }, text: reportText(findings), exit: healthy ? 0 : 1 };
}

async function findingsOf(options: DoctorOptions, cli: Cli): Promise<Finding[]> {
  let config: GatewayConfig;
  try {
    config = await configIn(options.gateway);
  } catch (error) {
    return [wrongBecause('config', { zh: '配置有误', en: 'the config' }, error, CORRECT_CONFIG)];
  }
  const now = cli.clock.now();
  const { passphrase, findings: ofPassphrase } = await passphraseIfGiven(config, options, cli);
  const { findings: ofStatement, statement } = await checkStatement(config, now);
  const store = await checkStore(config, statement, now, cli.environment ?? {});
  return [
    fine('config', { zh: `配置无误:${config.region} ${config.name}`, en: 'the configuration is right' }),
    checkSystem({ node: process.versions.node, availableMemory: process.availableMemory() }),
    ...ofPassphrase,
    ...(await checkFolders(config)),
    ...(await checkKeys(config, passphrase, statement, cli)),
    ...(await checkApiTls(config.http.tls, now)),
    ...ofStatement,
    ...(await checkDisks(config)),
    ...store.findings,
    checkClock(now, [statement?.issuedAt, store.newestEntryAt]),
    checkCalendar(now, config.office),
    ...(await checkNetwork(config, { statement, store }, options, cli)),
  ];
}

/**
 * The running gateway is asked: it knows its peers, and its own way to them is the one that counts.
 *
 * @param known our statement, and what the database says
 */
async function checkNetwork(
  config: GatewayConfig,
  { statement, store }: { readonly statement: RegionStatement | undefined; readonly store: StoreFindings },
  { gateway, offline }: DoctorOptions,
  cli: Cli,
): Promise<Finding[]> {
  const { pins = [], stampsFailingSince } = store;
  if (offline) return [...pins, notLookedAt()];
  const { timestamps } = config.evidence;
  const { findings, client } = await checkRunning(config, gateway, cli.clock, statement);
  const probes = client ? await checkPeers(client) : [];
  return [
    ...findings,
    ...[...pins, ...probes].toSorted((a, b) => a.what.localeCompare(b.what)),
    ...(client && config.federation ? await checkAnchors(client) : []),
    ...(timestamps ? await checkTimestamps(timestamps, stampsFailingSince, cli.clock) : []),
    ...(config.seal.kind === 'local' ? [] : await checkSeals(config.seal, config.region, cli.clock)),
  ];
}

function notLookedAt(): Finding {
  return skipped('network', {
    zh: '未检查网关进程与对端(--offline)',
    en: 'gateway and peers were not looked at (--offline)',
  });
}

/** Without any passphrase the rest can still be looked at; one that was given and cannot be read is a fault. */
async function passphraseIfGiven(
  config: GatewayConfig,
  options: DoctorOptions,
  cli: Cli,
): Promise<{ passphrase?: string; findings: Finding[] }> {
  const given = options.passphraseFile ?? config.keys.passphraseFile ?? cli.passphrase;
  if (!given) return { findings: [] };
  const what = 'passphrase';
  try {
    const { passphrase, warnings } = await passphraseOf(config, options, cli);
    const findings = warnings.map((en) => warning(what, { zh: '口令文件他人可读', en }, CLOSE_PASSPHRASE));
    return { passphrase, findings };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { findings: [wrongBecause(what, { zh: '读不到口令', en: 'the passphrase' }, error, GIVE_PASSPHRASE)] };
  }
}
