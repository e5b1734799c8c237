import { openFileKeyStore, type RegionStatement, verifyStatement } from '#trust';
import type { GatewayConfig } from '../../../config/config.ts';
import { joinedWindow, type Validity, validitiesOf } from '../../../standing/validity.ts';
import type { ValiditySubject } from '../../../telemetry/subjects.ts';
import { readOwnStatement } from '../../gateway-folder.ts';
import { type Finding, type Remedy, wrong, wrongBecause } from '../finding.ts';
import { judgeValidities } from '../validity.ts';

const RENEW: Remedy = {
  zh: '运行 tongban statement --renew 续签声明',
  en: 'renew the statement: tongban statement --renew',
  page: 'statement-expiry',
};

/** Our own statement: genuine, of this region, with the address of the config, and how long everything in it is good. */
export async function checkStatement(
  config: GatewayConfig,
  now: number,
): Promise<{ findings: Finding[]; statement?: RegionStatement }> {
  const what = 'statement';
  try {
    const statement = await verifyStatement(await readOwnStatement(config));
    if (statement.region !== config.region) return { findings: [otherRegion(statement.region)] };
    const validities = [...validitiesOf(statement, now), ...(await identityValidity(config, now))];
    const findings = judgeValidities({ what: 'validity', of: { zh: '', en: '' }, remedy: remedyOf }, validities, now);
    if (statement.endpoint !== config.peer.endpoint) findings.unshift(otherEndpoint(statement.endpoint));
    return { findings, statement };
  } catch (error) {
    return { findings: [wrongBecause(what, { zh: '地区声明无效', en: 'the statement' }, error, RENEW)] };
  }
}

function remedyOf(subject: ValiditySubject): Remedy {
  if (subject === 'statement') return RENEW;
  if (subject === 'identity')
    return {
      zh: '与各对端约好日子再换:每个对端都要电话核对新指纹、执行 tongban peer repin',
      en: 'agree on a day with all peers: each has to compare the new fingerprint by telephone and run tongban peer repin',
      page: 'key-expiry',
    };
  return {
    zh: `运行 tongban key rotate ${subject}`,
    en: `run tongban key rotate ${subject}`,
    page: 'key-expiry',
  };
}

/** The statement does not say how long the identity key is good. */
async function identityValidity({ region, keys }: GatewayConfig, now: number): Promise<Validity[]> {
  const store = await openFileKeyStore(keys.directory, '').catch(() => undefined);
  const windows = ((await store?.list()) ?? []).filter(({ purpose }) => purpose === 'identity').slice(-1);
  const window = joinedWindow(windows, now);
  return window ? [{ region, subject: 'identity', notBefore: window.notBefore, notAfter: window.notAfter }] : [];
}

function otherRegion(region: string): Finding {
  return wrong(
    'statement',
    { zh: `声明属于地区 ${region},与配置不同`, en: `the statement is of region ${region}, the config of another` },
    {
      zh: '从备份恢复本地区的 statement.jwt 与密钥目录',
      en: 'restore statement.jwt and the key folder of this region from the backup',
      page: 'key-folder',
    },
  );
}

function otherEndpoint(endpoint: string): Finding {
  return wrong(
    'statement',
    {
      zh: `声明中的对端地址 ${endpoint} 与配置 peer.endpoint 不同,对端会拨错地址`,
      en: `the statement tells peers to dial ${endpoint}, which is not peer.endpoint of the config`,
    },
    RENEW,
  );
}
