import { CodedError } from '#proto';
import type { RegionStatement } from '#trust';
import type { GatewayConfig } from '../../../config/config.ts';
import { connect, type GatewayClient } from '../../client.ts';
import { type Finding, fine, type Remedy, warning, wrong, wrongBecause } from '../finding.ts';
import { checkPorts } from './check-ports.ts';

const what = 'gateway';

const START: Remedy = {
  zh: '启动网关(systemctl start tongban),起不来看 journalctl -u tongban',
  en: 'start it (systemctl start tongban); if it does not start, read journalctl -u tongban',
  page: 'gateway-down',
};

const RESTART: Remedy = {
  zh: '重启网关:它启动以后,密钥目录里的接口密钥 api.key 换过',
  en: 'restart it: the key of the API in its key folder (api.key) was changed after its start',
  page: 'gateway-down',
};

/**
 * Whether the gateway answers, is ready and works with our newest statement; if it does not answer, who has its ports.
 *
 * @param statement ours as it lies on disk; undefined when it is not valid
 * @returns its client too when it answers
 */
export async function checkRunning(
  config: GatewayConfig,
  folder: string,
  clock: { now(): number },
  statement: RegionStatement | undefined,
): Promise<{ findings: Finding[]; client?: GatewayClient }> {
  try {
    const client = await connect(folder, { clock });
    // An answer that demands a token shows that both sides have the same key.
    const { serial } = await client.get<{ serial: number }>('/v1/statement');
    return { findings: [...(await checkReadiness(client)), ...judgeSerial(serial, statement)], client };
  } catch (error) {
    if (error instanceof CodedError && error.code === 'GATEWAY_UNREACHABLE')
      return {
        findings: [
          wrongBecause(what, { zh: '网关没有应答', en: 'the gateway does not answer' }, error, START),
          ...(await checkPorts(config)),
        ],
      };
    const words = { zh: '网关在运行,但不接受本机的命令', en: 'the gateway runs, but does not take commands from here' };
    return { findings: [wrongBecause(what, words, error, RESTART)] };
  }
}

async function checkReadiness(client: GatewayClient): Promise<Finding[]> {
  try {
    const { checks } = await client.get<{ checks: Readonly<Record<string, boolean>> }>('/readyz');
    const answers = fine(what, { zh: '网关在运行并应答', en: 'the gateway is running and answers' });
    return [answers, ...platformsAway(checks), ...replicasAway(checks)];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return [
      wrong(
        what,
        {
          zh: '网关在运行但尚未就绪,多半是数据库有问题',
          en: 'the gateway runs but is not ready, most likely for its database',
        },
        {
          zh: '看数据库一项和网关日志',
          en: 'see the findings about the database, and the log of the gateway',
          page: 'gateway-down',
        },
      ),
    ];
  }
}

function judgeSerial(running: number, statement: RegionStatement | undefined): Finding[] {
  if (!statement || statement.serial === running) return [];
  return [
    warning(
      what,
      {
        zh: `网关在用第 ${running} 号声明,目录中是第 ${statement.serial} 号`,
        en: `the gateway works with statement ${running}, in its folder lies ${statement.serial}`,
      },
      {
        zh: '重启网关,使其换用新声明',
        en: 'restart the gateway, so that it takes the new one',
        page: 'statement-expiry',
      },
    ),
  ];
}

/** The others go on, but with fewer to take over. */
function replicasAway(checks: Readonly<Record<string, boolean>>): Finding[] {
  return Object.entries(checks).flatMap(([name, isHere]) => {
    if (!name.startsWith('replica:')) return [];
    const replica = name.slice('replica:'.length);
    if (isHere) return [fine('replicas', { zh: `副本 ${replica} 待命`, en: `replica ${replica} stands by` })];
    return [
      warning(
        'replicas',
        { zh: `副本 ${replica} 不在`, en: `replica ${replica} is away` },
        {
          zh: '在它的主机上启动它;不再使用的副本一天后不再列出',
          en: 'start it on its machine; one that is used no more is listed for a day',
          page: 'replica-takeover',
        },
      ),
    ];
  });
}

/** Cases go their way without the platform, but nobody behind it sees them. */
function platformsAway(checks: Readonly<Record<string, boolean>>): Finding[] {
  return Object.entries(checks).flatMap(([name, well]) => {
    if (well || !name.startsWith('platform:')) return [];
    const platform = name.slice('platform:'.length);
    return [
      warning(
        what,
        {
          zh: `最近一次向本地平台 ${platform} 投递失败`,
          en: `the last delivery to the local platform ${platform} failed`,
        },
        {
          zh: '检查该平台是否在运行、配置中的地址是否正确;网关会不断重试,不会丢',
          en: 'check that it runs and that its address in the config is right; the gateway goes on trying and loses nothing',
          page: 'gateway-down',
        },
      ),
    ];
  });
}
