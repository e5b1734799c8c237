import { type KeyStore, type RegionStatement, STATED_PURPOSES } from '#trust';
import { readApiKey } from '../../../api/token.ts';
import type { GatewayConfig } from '../../../config/config.ts';
import { type KeyFolder, keyFolderOf } from '../../../custody/key-folder.ts';
import type { Cli } from '../../command.ts';
import { type Finding, fine, type Remedy, skipped, warning, wrong, wrongBecause } from '../finding.ts';

/** Neither JSON nor a token: it can pass for nothing that a region signs. */
const TRIAL = Buffer.from('tongban doctor: a trial signature, which proves nothing');

const RESTORE: Remedy = {
  zh: '从备份恢复密钥目录,核对口令;不要重新 init',
  en: 'restore the key folder from its backup and check the passphrase; do not run init again',
  page: 'key-folder',
};

/**
 * Whether the keys open, sign, and are those that our statement tells the peers.
 *
 * @param passphrase undefined when none was given
 * @param statement undefined when it is not valid
 */
export async function checkKeys(
  config: GatewayConfig,
  passphrase: string | undefined,
  statement: RegionStatement | undefined,
  { clock, environment = {} }: Pick<Cli, 'clock' | 'environment'>,
): Promise<Finding[]> {
  const folder = keyFolderOf(config, { passphrase: passphrase ?? '', clock, random: Math.random, environment });
  try {
    return await openAndTry(config, folder, passphrase === undefined, statement);
  } finally {
    folder.close();
  }
}

async function openAndTry(
  { keys: { directory } }: GatewayConfig,
  folder: KeyFolder,
  locked: boolean,
  statement: RegionStatement | undefined,
): Promise<Finding[]> {
  let store: KeyStore;
  try {
    store = await folder.open();
    await readApiKey(directory);
  } catch (error) {
    return [wrongBecause('keys', { zh: '密钥目录有问题', en: 'the key folder' }, error, RESTORE)];
  }
  if (locked) return [noPassphrase()];
  try {
    return await tryKeys(store, statement);
  } catch (error) {
    return [wrongBecause('keys', { zh: '密钥打不开', en: 'the keys do not open' }, error, RESTORE)];
  }
}

async function tryKeys(store: KeyStore, statement: RegionStatement | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  const held = new Set((await store.list()).map(({ purpose }) => purpose));
  // What a gateway needs every day; the identity key may well be in a safe.
  for (const purpose of STATED_PURPOSES) {
    if (purpose === 'seal' && !held.has(purpose)) {
      findings.push(noSealKey());
      continue;
    }
    const signer = await store.signer(purpose);
    const signature = await signer.sign(TRIAL);
    const stated = statement?.keys.find(({ kid }) => kid === signer.kid);
    if (!statement) continue;
    if (!stated) findings.push(notStated(purpose));
    else if (!stated.suite.verify(stated.key, TRIAL, signature)) findings.push(badSignature(purpose));
  }
  const { spki } = await store.tls();
  if (statement && !statement.tls.some((tls) => tls.spki === spki)) findings.push(notStated('tls'));
  if (findings.length > 0) return findings;
  return [
    fine('keys', {
      zh: '密钥可以打开,试签名可用声明中的公钥验证',
      en: 'the keys open, and trial signatures verify with the public keys of the statement',
    }),
  ];
}

/** A new key waits for a statement that names it; until then the gateway goes on with the one before. */
function notStated(purpose: string): Finding {
  return warning(
    'keys',
    {
      zh: `声明未列出最新的 ${purpose} 密钥,对端还不认它`,
      en: `the statement does not name the newest ${purpose} key, so that no peer believes it`,
    },
    {
      zh: '签署并安装新声明:离线签好的用 tongban statement install,否则 tongban statement --renew',
      en: 'install the statement that was signed offline (tongban statement install), else tongban statement --renew',
      page: 'key-expiry',
    },
  );
}

/** Folders that were made before there were seal keys; everything but PDFs goes on. */
function noSealKey(): Finding {
  return warning(
    'keys',
    { zh: '没有印章密钥,不能生成证照 PDF', en: 'there is no seal key: no PDF of a certificate can be made' },
    { zh: '新建一把:tongban key rotate seal', en: 'make one with: tongban key rotate seal', page: 'key-expiry' },
  );
}

function badSignature(purpose: string): Finding {
  return wrong(
    'keys',
    {
      zh: `${purpose} 密钥的试签名无法用声明中的公钥验证`,
      en: `the trial signature of the ${purpose} key does not verify with the public key of the statement`,
    },
    RESTORE,
  );
}

function noPassphrase(): Finding {
  return skipped('keys', {
    zh: '未提供口令,没有试开密钥(--passphrase-file 或 TONGBAN_PASSPHRASE)',
    en: 'the keys were not tried: no passphrase was given (--passphrase-file or TONGBAN_PASSPHRASE)',
  });
}
