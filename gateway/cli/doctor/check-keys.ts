import { type KeyInfo, type KeyStore, openFileKeyStore, type RegionStatement, verifyStatement } from '#trust';
import { readApiKey } from '../../api/token.ts';
import type { GatewayConfig } from '../../config/config.ts';
import { readOwnStatement } from '../gateway-folder.ts';
import { type Finding, fine, skipped, wrong, wrongBecause } from './finding.ts';
import { judgeValidity } from './validity.ts';

const KEY_NAMES: Readonly<Record<KeyInfo['purpose'], string>> = {
  identity: '身份',
  signing: '签名',
  log: '日志',
  certificate: '证照',
  tls: 'TLS',
};

const RENEW_KEY = { zh: '更换密钥并重新签发声明', en: 'replace the key and issue a new statement' };
const RENEW_STATEMENT = {
  zh: '运行 tongban statement --renew,重启网关并交给各对端',
  en: 'run tongban statement --renew, restart the gateway and give it to the peers',
};

/** What a gateway needs every day; the identity key may well be in a safe. */
const IN_USE = ['signing', 'certificate', 'log'] as const;

/**
 * Whether the keys open and how long they are good.
 *
 * @param passphrase undefined when none was given
 */
export async function checkKeys(
  { keys: { directory } }: GatewayConfig,
  passphrase: string | undefined,
  now: number,
): Promise<Finding[]> {
  let store: KeyStore;
  try {
    store = await openFileKeyStore(directory, passphrase ?? '');
    await readApiKey(directory);
  } catch (error) {
    return [wrongBecause('keys', '密钥目录有问题', error)];
  }
  const opened = passphrase === undefined ? noPassphrase() : await openKeys(store);
  return [opened, ...newest(await store.list()).map((key) => judgeKey(key, now))];
}

/** Our own statement: genuine, of this region, in date, and about the keys in the folder. */
export async function checkStatement(
  config: GatewayConfig,
  now: number,
): Promise<{ findings: Finding[]; statement?: RegionStatement }> {
  const what = 'statement';
  try {
    const statement = await verifyStatement(await readOwnStatement(config));
    const { region, issuedAt: notBefore, expiresAt: notAfter } = statement;
    if (region !== config.region)
      return { findings: [wrong(what, `声明属于地区 ${region}`, `the statement is of region ${region}`)] };
    const validity = { what, zh: '地区声明', en: 'the statement', notBefore, notAfter, remedy: RENEW_STATEMENT };
    return { findings: [judgeValidity(validity, now), ...(await checkStated(config, statement))], statement };
  } catch (error) {
    return { findings: [wrongBecause(what, '地区声明无效', error)] };
  }
}

async function checkStated({ keys, peer }: GatewayConfig, statement: RegionStatement): Promise<Finding[]> {
  const findings: Finding[] = [];
  const stated = new Set(statement.keys.map(({ kid }) => kid));
  const store = await openFileKeyStore(keys.directory, '').catch(() => undefined);
  const missing = newest((await store?.list()) ?? []).filter(
    ({ kid, purpose }) => purpose !== 'identity' && purpose !== 'tls' && !stated.has(kid),
  );
  for (const { purpose } of missing)
    findings.push(
      wrong(
        'statement',
        `声明未列出现用的${KEY_NAMES[purpose]}密钥;${RENEW_STATEMENT.zh}`,
        `the statement does not name the ${purpose} key; ${RENEW_STATEMENT.en}`,
      ),
    );
  if (statement.endpoint !== peer.endpoint)
    findings.push(
      wrong(
        'statement',
        `声明中的对端地址与配置不同;${RENEW_STATEMENT.zh}`,
        `its endpoint is not that of the config; ${RENEW_STATEMENT.en}`,
      ),
    );
  return findings;
}

async function openKeys(store: KeyStore): Promise<Finding> {
  try {
    for (const purpose of IN_USE) await store.signer(purpose);
    await store.tls();
    return fine('keys', '密钥可以打开', 'the keys open');
  } catch (error) {
    return wrongBecause('keys', '密钥打不开', error);
  }
}

function noPassphrase(): Finding {
  return skipped(
    'keys',
    '未提供口令,没有试开密钥(--passphrase-file 或 TONGBAN_PASSPHRASE)',
    'the keys were not tried: no passphrase was given',
  );
}

function judgeKey({ purpose, notBefore, notAfter }: KeyInfo, now: number): Finding {
  const names = { zh: `${KEY_NAMES[purpose]}密钥`, en: `the ${purpose} key` };
  return judgeValidity({ what: `key ${purpose}`, ...names, notBefore, notAfter, remedy: RENEW_KEY }, now);
}

/** Of several keys of one purpose the one made last is used. */
function newest(keys: readonly KeyInfo[]): KeyInfo[] {
  return [...new Map(keys.map((key) => [key.purpose, key])).values()];
}
